package kube

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const podA = `{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "default", "uid": "u-1",
	"annotations": {"k8s.v1.cni.cncf.io/networks": "net-a"}}, "spec": {"nodeName": "n"}}`

const podPath = "/api/v1/namespaces/default/pods/a"

// dial is a client of the server, closed with the test.
func dial(t testing.TB, s *cnitest.APIServer) *Client {
	t.Helper()
	return open(t, s.KubeconfigFile(t))
}

func open(t testing.TB, kubeconfig string) *Client {
	t.Helper()
	c := Dial(kubeconfig)
	t.Cleanup(c.Close)
	return c
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// fails checks that the error is of the kind, if one is given, and holds every text.
func fails(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("error %q does not wrap %q", err, kind)
	}
	for _, other := range []error{plan.ErrNotFound, plan.ErrUnavailable} {
		if other != kind && errors.Is(err, other) {
			t.Errorf("error %q wraps %q", err, other)
		}
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q lacks %q", err, text)
		}
	}
	if strings.Contains(err.Error(), cnitest.Token) {
		t.Errorf("error %q gives the token away", err)
	}
}

// podRequest reads the example pod.
func podRequest() request {
	return request{verb: "get", resource: core("pods"), ref: plan.Ref{Namespace: "default", Name: "a"}}
}

// reach makes a request; that the server knows no such pod is no error.
func reach(ctx context.Context, c *Client) error {
	if _, f := c.do(ctx, podRequest()); f != nil && !errors.Is(f.err, plan.ErrNotFound) {
		return f.err
	}
	return nil
}

func TestDialIsLazy(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	cnitest.Must(t, dial(t, s).Check())
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections were made before the first request", n)
	}
}

func TestPod(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	pod, err := dial(t, s).Pod(within(t, 5*time.Second), "default", "a")
	cnitest.Must(t, err)
	want := plan.Pod{Namespace: "default", Name: "a", UID: "u-1", Annotations: map[string]string{"k8s.v1.cni.cncf.io/networks": "net-a"}}
	if diff := cmp.Diff(want, pod); diff != "" {
		t.Error(diff)
	}
	requests := s.Requests()
	if len(requests) != 1 {
		t.Fatalf("%d requests, want 1", len(requests))
	}
	r := requests[0]
	if r.Method != "GET" || r.Path != podPath || r.Proto != "HTTP/2.0" {
		t.Errorf("request %s %s over %s", r.Method, r.Path, r.Proto)
	}
	if got := r.Header.Get("Accept"); got != acceptMetadata {
		t.Errorf("Accept: %s", got)
	}
	agent := r.Header.Get("User-Agent")
	if !strings.HasPrefix(agent, "multus/") || !strings.HasSuffix(agent, " ("+runtime.GOOS+"/"+runtime.GOARCH+")") || strings.Contains(agent, "((") {
		t.Errorf("User-Agent: %s", agent)
	}
}

func TestPodFromServerWithoutPartialMetadata(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	s.Fail(cnitest.Fault{Status: 200, Body: podA})
	pod, err := dial(t, s).Pod(within(t, 5*time.Second), "default", "a")
	if err != nil || pod.UID != "u-1" {
		t.Errorf("got %v, %v", pod, err)
	}
}

func TestPodOfOddName(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	c := dial(t, s)
	for _, name := range []string{"", ".", "..", "a/b", "a?x=1", "a%2fb", "a b", "a\x00", strings.Repeat("a", 254)} {
		_, err := c.Pod(within(t, time.Second), "default", name)
		fails(t, err, plan.ErrUnavailable)
		_, err = c.Pod(within(t, time.Second), name, "a")
		fails(t, err, plan.ErrUnavailable, "no name of a namespace")
	}
	if got := s.Requests(); len(got) > 0 {
		t.Errorf("requests were sent: %v", got)
	}
}

func TestPodAnswers(t *testing.T) {
	tests := map[string]struct {
		fault cnitest.Fault
		kind  error
		texts []string
	}{
		"not found":       {fault: cnitest.Fault{Status: 404}, kind: plan.ErrNotFound},
		"unknown to what": {fault: cnitest.Fault{Status: 404, Body: "404 page not found"}, kind: plan.ErrUnavailable, texts: []string{"knows no pods", "kubeconfig"}},
		"forbidden":       {fault: cnitest.Fault{Status: 403}, kind: plan.ErrUnavailable, texts: []string{"403", "system:serviceaccount:kube-system:multus", `the verb "get" on "pods"`}},
		"unauthorized":    {fault: cnitest.Fault{Status: 401}, kind: plan.ErrUnavailable, texts: []string{"401", "token", "kubeconfig", "expired"}},
		"bad request":     {fault: cnitest.Fault{Status: 400, Body: "what?\nno\x1b[31m"}, kind: plan.ErrUnavailable, texts: []string{"400 what? no [31m"}},
		"redirect":        {fault: cnitest.Fault{Status: 302, Body: "there"}, kind: plan.ErrUnavailable, texts: []string{"unexpected answer 302 there"}},
		"garbage":         {fault: cnitest.Fault{Kind: cnitest.FaultGarbage}, kind: plan.ErrUnavailable, texts: []string{"not the object that was asked for", "proxy"}},
		"another object":  {fault: cnitest.Fault{Status: 200, Body: `{"metadata":{"name":"b","namespace":"default","uid":"x"}}`}, kind: plan.ErrUnavailable, texts: []string{"not the object that was asked for"}},
		"no UID":          {fault: cnitest.Fault{Status: 200, Body: `{"metadata":{"name":"a","namespace":"default"}}`}, kind: plan.ErrUnavailable, texts: []string{"has no UID"}},
		"empty object":    {fault: cnitest.Fault{Status: 200, Body: `{}`}, kind: plan.ErrUnavailable, texts: []string{"not the object that was asked for"}},
		"token echoed":    {fault: cnitest.Fault{Status: 400, Body: "you said " + cnitest.Token}, kind: plan.ErrUnavailable, texts: []string{"you said (token)"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := cnitest.NewAPIServer(t, podA)
			s.Fail(tt.fault)
			began := time.Now()
			_, err := dial(t, s).Pod(within(t, 20*time.Second), "default", "a")
			fails(t, err, tt.kind, tt.texts...)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s to give up on what cannot get better", took)
			}
			want := 1
			if tt.fault.Status == 401 {
				want = 2 // once with the token read anew
			}
			if got := len(s.Requests()); got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
		})
	}
}

func TestHugeAnswerIsNotReadWhole(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	s.Fail(cnitest.Fault{Kind: cnitest.FaultBig})
	_, err := dial(t, s).Pod(within(t, 20*time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable, "larger than")
	if got := s.Written(); got > 9<<20 {
		t.Errorf("the server got rid of %d bytes, want hardly more than %d", got, maxAnswer)
	}
}

func TestPodNotFoundSaysNoMoreThanThat(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	if _, err := dial(t, s).Pod(within(t, time.Second), "default", "a"); err != plan.ErrNotFound { //nolint:errorlint // callers compare
		t.Errorf("got %v, want plan.ErrNotFound itself, to which callers add the name", err)
	}
}
