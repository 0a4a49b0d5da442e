package multus_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/state"
)

func TestAdd(t *testing.T) {
	w := newWorld(t, strings.Replace(abc, "1.1.0", "0.4.0", 1))
	w.exec.Answer = func(_ context.Context, c cnitest.Call) ([]byte, error) {
		// Whenever a delegate runs, the record says that it may have been started.
		if got := w.phases("c1"); !strings.Contains(got, c.Env["CNI_IFNAME"]+" attaching") {
			t.Errorf("%s runs while the record says %s", c, got)
		}
		return fmt.Appendf(nil, `{"cniVersion":"1.1.0","interfaces":[{"name":%q,"sandbox":"/n"}],"ips":[{"address":"192.0.2.1/24","interface":0}]}`, c.Env["CNI_IFNAME"]), nil
	}
	w.patient()
	got, err := w.Add(t.Context(), sandbox("c1"))
	cnitest.Must(t, err)
	const want = `{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"/n"}],"ips":[{"version":"4","interface":0,"address":"192.0.2.1/24"}],"dns":{}}`
	if string(got) != want {
		t.Errorf("answered %s\nwant     %s", got, want)
	}
	w.wantCalls(t, []string{"ADD eth0 a", "ADD net0 b", "ADD net1 c"})
	w.wantPhases(t, "c1", "eth0 attached, net0 attached, net1 attached")
	if want := "Added eth0 [192.0.2.1] from a, net0 [192.0.2.1] from b, net1 [192.0.2.1] from c"; w.event(t) != want {
		t.Errorf("event %q\nwant  %q", w.event(t), want)
	}
	if n := strings.Count(w.status(), `"interface":`); n != 3 {
		t.Errorf("status of %d interfaces: %s", n, w.status())
	}
}

// TestAddRollsBack: what was attempted is detached, newest first; the runtime
// gets the first error; what cannot be detached stays recorded.
func TestAddRollsBack(t *testing.T) {
	noAddress := &types.Error{Code: 11, Msg: "no addresses left", Details: "pool 7"}
	all := []string{"ADD eth0 a", "ADD net0 b", "ADD net1 c", "DEL net1 c", "DEL net0 b", "DEL eth0 a"}
	tests := []struct {
		name    string
		fail    map[string]error
		publish int // the status that the API server answers with
		conf    string
		calls   []string
		want    string
		left    string
	}{
		{name: "the master", fail: map[string]error{"ADD a": noAddress}, calls: []string{"ADD eth0 a", "DEL eth0 a"},
			want: "11 network a (eth0): a: no addresses left", left: "none"},
		{name: "in the middle", fail: map[string]error{"ADD b": noAddress}, calls: []string{"ADD eth0 a", "ADD net0 b", "DEL net0 b", "DEL eth0 a"},
			want: "11 network b (net0): b: no addresses left", left: "none"},
		{name: "the last, and the roll-back too", fail: map[string]error{"ADD c": noAddress, "DEL b": errors.New("not now")}, calls: all,
			want: "11 network c (net1): c: no addresses left", left: "eth0 detached, net0 attached, net1 detached"},
		{name: "without a code", fail: map[string]error{"ADD c": errors.New("ended by SIGSEGV")}, calls: all,
			want: "999 network c (net1): c: ended by SIGSEGV", left: "none"},
		{name: "the status", publish: http.StatusForbidden, calls: all,
			want: "11 network status of pod ns1/p1: API server not usable: ", left: "none"},
		{name: "the runtime's version", conf: strings.Replace(abc, "1.1.0", "0.2.0", 1), calls: all,
			want: "1 network a (eth0): result without an IP address cannot be told in CNI version 0.2.0, which knows no other: a cniVersion of 0.3.1 or newer is needed in the configuration", left: "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.conf == "" {
				tt.conf = abc
			}
			w := newWorld(t, tt.conf)
			w.fail(tt.fail)
			if tt.publish != 0 {
				w.api.Fail(cnitest.Fault{Method: "PATCH", Kind: cnitest.FaultStatus, Status: tt.publish})
			}
			answer, err := w.Add(t.Context(), sandbox("c1"))
			if got := object(t, err); !strings.HasPrefix(got, tt.want) || answer != nil {
				t.Errorf("answered %s, %s\nwant %s", answer, got, tt.want)
			}
			w.wantCalls(t, tt.calls)
			if got := w.phases("c1"); got != tt.left {
				t.Errorf("the record says %s, want %s", got, tt.left)
			}
		})
	}
}

// TestAddRefuses what can be refused before any delegate runs, and leaves nothing.
func TestAddRefuses(t *testing.T) {
	tests := []struct {
		name   string
		conf   string
		change func(w *world)
		want   string
	}{
		{"not the first plugin", abc + `,"prevResult":{"cniVersion":"1.1.0"}`, nil, "7 prevResult: "},
		{"pod gone", abc, func(w *world) { w.api.Delete(podPath) }, "11 pod ns1/p1 does not exist"},
		{"another pod", abc, func(w *world) { w.pod("uid-2", nil) }, "11 pod ns1/p1: another pod has that name by now: its UID is uid-2, the sandbox is for uid-1"},
		{"no API", abc, func(w *world) { w.api.SetToken("another") }, "11 pod ns1/p1: API server not usable: "},
		{"no NAD", abc, func(w *world) { w.selects("x") }, `7 network ns1/x: no NetworkAttachmentDefinition "x"`},
		{"bad NAD", abc, func(w *world) { w.nad("x", "{"); w.selects("x") }, "7 network ns1/x: spec.config: "},
		{"odd names of the pod", abc, nil, "4 CNI_ARGS: K8S_POD_NAMESPACE \"ns1\" and K8S_POD_NAME \"../p\""},
		{"state directory in a file", abc, func(w *world) {
			w.State = state.Dir(filepath.Join(w.dir, "file", "state"))
			_ = os.WriteFile(filepath.Join(w.dir, "file"), nil, 0o600)
		}, "5 state directory "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.conf)
			if tt.change != nil {
				tt.change(w)
			}
			sb := sandbox("c1")
			if tt.name == "odd names of the pod" {
				sb.Args = "K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=../p"
			}
			_, err := w.Add(t.Context(), sb)
			if got := object(t, err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("answered %s\nwant %s…", got, tt.want)
			}
			if calls := w.calls(); len(calls) > 0 {
				t.Errorf("calls %q", calls)
			}
			if files, err := filepath.Glob(filepath.Join(string(w.State), "sandboxes", "*")); err != nil || files != nil {
				t.Errorf("%q is left, %v", files, err)
			}
		})
	}
}

// TestAddTwice: a sandbox that is attached, or was, is left as it is.
func TestAddTwice(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	_, err := w.Add(t.Context(), sandbox("c1"))
	if got := object(t, err); got != "100 container c1 (eth0) is attached already: the runtime has to DEL it first" {
		t.Error(got)
	}
	w.spoil(t, "c2", "{")
	_, err = w.Add(t.Context(), sandbox("c2"))
	if got := object(t, err); !strings.HasPrefix(got, "100 container c2 (eth0) was attached before: unreadable record") {
		t.Error(got)
	}
	if calls, reads := w.calls(), w.reads(); len(calls) > 0 || reads > 1 {
		t.Errorf("calls %q, %d reads of the pod", calls, reads)
	}
	w.wantPhases(t, "c1", "eth0 attached, net0 attached, net1 attached")
}

// TestAddInterrupted: what a runtime gives up on is undone all the same.
func TestAddInterrupted(t *testing.T) {
	w := newWorld(t, abc)
	ctx, cancel := context.WithCancel(t.Context())
	w.exec.Answer = func(ctx context.Context, c cnitest.Call) ([]byte, error) {
		if c.String() == "ADD b" {
			cancel()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return cnitest.Empty(ctx, c)
	}
	_, err := w.Add(ctx, sandbox("c1"))
	if got := object(t, err); !strings.HasPrefix(got, "11 network b (net0): b: ADD given up") {
		t.Error(got)
	}
	w.wantCalls(t, []string{"ADD eth0 a", "ADD net0 b", "DEL net0 b", "DEL eth0 a"})
	w.wantPhases(t, "c1", "none")
}

func TestAddWaitsForReadiness(t *testing.T) {
	conf := abc + `,"readinessIndicatorFile":"$DIR/ready","readinessTimeout":"10s"`
	synctest.Test(t, func(t *testing.T) {
		w := newStatic(t, conf)
		begin := time.Now()
		_, err := w.Add(t.Context(), sandbox("c1"))
		if got := object(t, err); !strings.HasPrefix(got, "11 readinessIndicatorFile: ") || !strings.Contains(got, "waited 10s") {
			t.Error(got)
		}
		if took := time.Since(begin); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("took %s", took)
		}
		time.AfterFunc(3*time.Second, func() { _ = os.WriteFile(filepath.Join(w.dir, "ready"), nil, 0o600) })
		begin = time.Now()
		if _, err := w.Add(t.Context(), sandbox("c1")); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestStaticPod(t *testing.T) {
	w := newWorld(t, abc)
	w.pod("of-the-mirror", map[string]string{"kubernetes.io/config.source": "file"})
	w.add(t, "c1")
	if w.status() == "" {
		t.Error("no status was published")
	}
	rec, err := w.State.Load(state.KeyOf(sandbox("c1")))
	if err != nil || rec.Pod.UID != "uid-1" {
		t.Errorf("recorded of %+v, %v", rec.Pod, err)
	}
}

// TestAnnotationsFromTheRuntime spare reading the pod.
func TestAnnotationsFromTheRuntime(t *testing.T) {
	w := newWorld(t, abc+`,"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"k8s.v1.cni.cncf.io/networks":"x@x0"}}`)
	w.nad("x", `{"cniVersion":"1.0.0","type":"x"}`)
	if _, err := w.Add(t.Context(), sandbox("c1")); err != nil {
		t.Fatal(err)
	}
	if calls := w.calls(); w.reads() != 0 || calls[len(calls)-1] != "ADD x0 x" {
		t.Errorf("%d reads, calls %q", w.reads(), calls)
	}
}

// TestPublishing: when there is a status and an event, and that a pod that is gone harms nobody.
func TestPublishing(t *testing.T) {
	const one = `"cniVersion":"1.1.0","delegates":[{"cniVersion":"1.1.0","name":"a","type":"a"}]`
	tests := []struct {
		name, conf    string
		fails         int // what the API server answers to writes
		status, event bool
	}{
		{"always", one, 0, true, true},
		{"no event", one + `,"events":false`, 0, true, false},
		{"additional, of one", one + `,"networkStatus":"additional"`, 0, false, true},
		{"additional, of three", abc + `,"networkStatus":"additional"`, 0, true, true},
		{"never", abc + `,"networkStatus":"never"`, 0, false, true},
		{"neither", abc + `,"networkStatus":"never","events":false`, http.StatusForbidden, false, false},
		{"the pod is gone", abc, http.StatusNotFound, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.conf)
			if tt.fails != 0 {
				w.api.Fail(cnitest.Fault{Method: "PATCH", Kind: cnitest.FaultStatus, Status: tt.fails, Delay: 200 * time.Millisecond})
			}
			w.patient()
			if _, err := w.Add(t.Context(), sandbox("c1")); err != nil {
				t.Fatal(err)
			}
			if (w.status() != "") != tt.status || (w.event(t) != "") != tt.event {
				t.Errorf("status %q, event %q", w.status(), w.event(t))
			}
		})
	}
}

// TestLongEvent: an API server takes no more than 1024 bytes.
func TestLongEvent(t *testing.T) {
	w := newWorld(t, abc)
	name := strings.Repeat("n", 60)
	w.nad(name, `{"cniVersion":"1.0.0","type":"x"}`)
	w.selects(strings.Repeat(name+",", 20) + name)
	w.patient()
	w.add(t, "c1")
	if e := w.event(t); len(e) > 1024 || !strings.HasSuffix(e, "…") {
		t.Errorf("%d bytes: %s", len(e), e)
	}
}
