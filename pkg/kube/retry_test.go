package kube

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestTriedAgain(t *testing.T) {
	tests := map[string]struct {
		fault   cnitest.Fault
		atLeast time.Duration
	}{
		"reset":          {fault: cnitest.Fault{Kind: cnitest.FaultReset, Times: 2}, atLeast: firstPause},
		"aborted":        {fault: cnitest.Fault{Kind: cnitest.FaultAbort, Times: 2}, atLeast: firstPause},
		"truncated":      {fault: cnitest.Fault{Kind: cnitest.FaultTruncate, Times: 2}, atLeast: firstPause},
		"500":            {fault: cnitest.Fault{Status: 500, Times: 2}, atLeast: firstPause},
		"503":            {fault: cnitest.Fault{Status: 503, Times: 2}, atLeast: firstPause},
		"429":            {fault: cnitest.Fault{Status: 429, Times: 2}, atLeast: firstPause},
		"429 with a say": {fault: cnitest.Fault{Status: 429, Times: 1, Retry: 1}, atLeast: time.Second},
		"503 with a say": {fault: cnitest.Fault{Status: 503, Times: 1, Retry: 1}, atLeast: time.Second},
		"401":            {fault: cnitest.Fault{Status: 401, Times: 1}},
		"hang":           {fault: cnitest.Fault{Kind: cnitest.FaultHang, Times: 1}, atLeast: shortTry},
		"slow":           {fault: cnitest.Fault{Kind: cnitest.FaultSlow, Times: 1, Delay: 300 * time.Millisecond}, atLeast: 300 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := cnitest.NewAPIServer(t, podA)
			s.Fail(tt.fault)
			began := time.Now()
			pod, err := dial(t, s).Pod(within(t, 4*time.Second), "default", "a")
			if err != nil || pod.UID != "u-1" {
				t.Fatalf("got %v, %v", pod, err)
			}
			if took := time.Since(began); took < tt.atLeast {
				t.Errorf("done after %s, want a pause of %s", took, tt.atLeast)
			}
			want := tt.fault.Times + 1
			if tt.fault.Kind == cnitest.FaultSlow {
				want = 1
			}
			if n := s.Connections(); tt.fault.Kind == cnitest.FaultHang && n != 2 {
				t.Errorf("%d connections, want the second try to have one of its own", n)
			}
			if got := len(s.Requests()); got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
		})
	}
}

func TestGivenUp(t *testing.T) {
	tests := map[string]struct {
		fault cnitest.Fault
		texts []string
	}{
		"hang":      {fault: cnitest.Fault{Kind: cnitest.FaultHang}, texts: []string{"connected, but no answer in time", "(tried again for 1.5s)"}},
		"reset":     {fault: cnitest.Fault{Kind: cnitest.FaultReset}, texts: []string{"connection reset", "(tried again for 1.5s)"}},
		"500":       {fault: cnitest.Fault{Status: 500}, texts: []string{"500 Internal error occurred", "(tried again for 1.5s)"}},
		"429":       {fault: cnitest.Fault{Status: 429}, texts: []string{"429 the server has received too many requests"}},
		"429, long": {fault: cnitest.Fault{Status: 429, Retry: 60}, texts: []string{"429"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := cnitest.NewAPIServer(t, podA)
			s.Fail(tt.fault)
			began := time.Now()
			_, err := dial(t, s).Pod(within(t, 1500*time.Millisecond), "default", "a")
			fails(t, err, plan.ErrUnavailable, append(tt.texts, s.URL())...)
			if took := time.Since(began); took > 1700*time.Millisecond {
				t.Errorf("given up after %s, the budget was 1.5s", took)
			}
			if n := len(s.Requests()); tt.fault.Retry == 0 && n < 2 || tt.fault.Retry > 0 && n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	s := cnitest.NewAPIServer(t, podA)
	s.Fail(cnitest.Fault{Status: 500})
	_, err := dial(t, s).Pod(within(t, 2*time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable)
	requests := s.Requests()
	if len(requests) < 3 || len(requests) > 6 {
		t.Fatalf("%d requests in 2s", len(requests))
	}
	for i, least := 1, firstPause*3/4; i < len(requests); i, least = i+1, 2*least {
		if pause := requests[i].Time.Sub(requests[i-1].Time); pause < least {
			t.Errorf("pause %d is %s, want at least %s", i, pause, least)
		}
	}
}

// unused is an address of this machine where nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	cnitest.Must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// nobody is a kubeconfig of an API server that is not there, or is none.
func nobody(t *testing.T, address string) string {
	t.Helper()
	return kubeconfig(t, fmt.Sprintf("server: 'https://%s', insecure-skip-tls-verify: true", address), "token: abc")
}

func writeKubeconfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "multus.kubeconfig")
	cnitest.Must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestRefused(t *testing.T) {
	address := unused(t)
	file := nobody(t, address)
	_, err := open(t, file).Pod(within(t, 300*time.Millisecond), "default", "a")
	fails(t, err, plan.ErrUnavailable, "https://"+address, "connection refused", file, "(tried again for 300ms)")
}

func TestServerComesUp(t *testing.T) {
	t.Parallel()
	address := unused(t)
	c := open(t, nobody(t, address))
	started := make(chan *cnitest.APIServer, 1)
	timer := time.AfterFunc(200*time.Millisecond, func() {
		s, err := cnitest.StartAPIServer(address)
		if err == nil {
			err = s.Put([]byte(podA))
		}
		if err != nil {
			t.Error(err)
		}
		started <- s
	})
	defer timer.Stop()
	pod, err := c.Pod(within(t, 5*time.Second), "default", "a")
	defer (<-started).Close()
	if err != nil || pod.UID != "u-1" {
		t.Errorf("got %v, %v", pod, err)
	}
}

func TestHangingConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts, nobody shakes hands
	cnitest.Must(t, err)
	defer l.Close()
	began := time.Now()
	c := open(t, nobody(t, l.Addr().String()))
	answers := c.Definitions(within(t, 400*time.Millisecond), plan.KindNAD, []plan.Ref{{Namespace: "a", Name: "x"}, {Namespace: "a", Name: "y"}})
	for _, answer := range answers {
		fails(t, answer.Err, plan.ErrUnavailable, "no connection in time", "firewall")
	}
	if took := time.Since(began); took > 600*time.Millisecond || len(answers) != 2 {
		t.Errorf("%d answers after %s", len(answers), took)
	}
}

func TestInterrupted(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	s.Fail(cnitest.Fault{Kind: cnitest.FaultHang})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := dial(t, s).Pod(ctx, "default", "a")
	fails(t, err, plan.ErrUnavailable, "interrupted")
}

func TestLastRealCauseIsKept(t *testing.T) {
	t.Parallel()
	s := cnitest.NewAPIServer(t, podA)
	s.Fail(cnitest.Fault{Status: 500, Times: 2})
	s.Fail(cnitest.Fault{Kind: cnitest.FaultHang})
	_, err := dial(t, s).Pod(within(t, 700*time.Millisecond), "default", "a")
	fails(t, err, plan.ErrUnavailable, "500 Internal error occurred")
}

func TestTokenRotates(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	token := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		cnitest.Must(t, os.WriteFile(token, []byte(text), 0o600))
	}
	write(cnitest.Token + "\n")
	config := filepath.Join(t.TempDir(), "kubeconfig")
	cnitest.Must(t, s.WriteKubeconfig(config, map[string]string{"tokenFile": token}))
	c := open(t, config)
	if _, err := c.Pod(within(t, time.Second), "default", "a"); err != nil {
		t.Fatal(err)
	}
	s.SetToken("second")
	write("second")
	if _, err := c.Pod(within(t, time.Second), "default", "a"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Requests() {
		got = append(got, r.Header.Get("Authorization"))
	}
	if len(got) != 3 || got[1] != "Bearer "+cnitest.Token || got[2] != "Bearer second" {
		t.Errorf("credentials %q", got)
	}
	s.SetToken("third")
	_, err := c.Pod(within(t, time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable, "the token from "+token+" of kubeconfig "+config, "401 Unauthorized", "expired")
}

func TestTokenRotatesUnderParallelReads(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	var refs []plan.Ref
	for i := range 8 {
		name := fmt.Sprintf("net-%d", i)
		refs = append(refs, plan.Ref{Namespace: "default", Name: name})
		put(t, s, nad("default", name, `{}`))
	}
	token := filepath.Join(t.TempDir(), "token")
	config := filepath.Join(t.TempDir(), "kubeconfig")
	cnitest.Must(t, s.WriteKubeconfig(config, map[string]string{"tokenFile": token}))
	cnitest.Must(t, os.WriteFile(token, []byte("stale"), 0o600))
	c := open(t, config)
	if err := reach(within(t, time.Second), c); err == nil {
		t.Fatal("the stale token was accepted")
	}
	cnitest.Must(t, os.WriteFile(token, []byte(cnitest.Token), 0o600))
	for ref, answer := range c.Definitions(within(t, 2*time.Second), plan.KindNAD, refs) {
		if answer.Err != nil {
			t.Errorf("%s: %v", ref, answer.Err)
		}
	}
}

// A server without HTTP/2 gets the requests one after another.
func TestServerWithoutHTTP2(t *testing.T) {
	g := newGate(t, false)
	c := open(t, kubeconfig(t, fmt.Sprintf("server: %q", g.server.URL), ""))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := reach(within(t, 5*time.Second), c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(g.seen()); n != 8 {
		t.Errorf("%d requests", n)
	}
}
