package multus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/state"
)

// TestDel: newest first, all are tried, and a retry does what is left.
func TestDel(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	asked := len(w.api.Requests())
	w.fail(map[string]error{"DEL a": &types.Error{Code: 5, Msg: "disk"}, "DEL b": &types.Error{Code: 3, Msg: "unknown container"}, "DEL c": errors.New("hung")})
	err := w.Del(t.Context(), sandbox("c1"))
	if got := object(t, err); got != "5 network c (net1): c: hung\nnetwork a (eth0): a: disk" {
		t.Error(got)
	}
	if n := len(w.api.Requests()); n != asked {
		t.Errorf("%d requests to the API server", n-asked)
	}
	w.wantCalls(t, []string{"DEL net1 c", "DEL net0 b", "DEL eth0 a"})
	w.wantPhases(t, "c1", "eth0 attached, net0 detached, net1 attached")
	w.fail(nil)
	w.del(t, "c1")
	w.wantCalls(t, []string{"DEL net1 c", "DEL eth0 a"})
	w.wantPhases(t, "c1", "none")
}

// TestDelTakesItsInputFromTheRecord, but the namespace from the call: it may be gone.
func TestDelTakesItsInputFromTheRecord(t *testing.T) {
	w := newWorld(t, abc)
	w.exec.Answer = func(_ context.Context, c cnitest.Call) ([]byte, error) {
		return []byte(`{"cniVersion":"1.1.0","dns":{"domain":"` + c.Plugin + `.example"}}`), nil
	}
	w.add(t, "c1")
	w.Planner.Conf.Delegates, w.Planner.Conf.Delegates = nil, nil
	sb := sandbox("c1")
	sb.NetNS, sb.Args = "", "K8S_POD_NAME=another"
	cnitest.Must(t, w.Del(t.Context(), sb))
	for _, c := range w.exec.Calls() {
		if got := string(c.Member("prevResult")); !strings.Contains(got, c.Plugin+".example") {
			t.Errorf("%s: prevResult %s", c, got)
		}
		if c.Env["CNI_NETNS"] != "" || c.Env["CNI_ARGS"] != podArgs {
			t.Errorf("%s: environment %v", c, c.Env)
		}
	}
}

// TestDelOfWhatWasNotStarted runs nothing for it.
func TestDelOfWhatWasNotStarted(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	rec, err := w.State.Load(state.KeyOf(sandbox("c1")))
	cnitest.Must(t, err)
	rec.Attachments[1].Phase, rec.Attachments[1].Result = state.Attaching, nil
	rec.Attachments[2].Phase, rec.Attachments[2].Result = state.Planned, nil
	cnitest.Must(t, w.State.Update(rec))
	w.del(t, "c1")
	w.wantCalls(t, []string{"DEL net0 b", "DEL eth0 a"})
	w.wantPhases(t, "c1", "none")
}

// TestDelWithoutARecord detaches what the configuration and the annotation tell
// of, and succeeds.
func TestDelWithoutARecord(t *testing.T) {
	static := []string{"DEL net1 c", "DEL net0 b", "DEL eth0 a"}
	tests := []struct {
		name   string
		change func(w *world)
		want   []string
	}{
		{"static networks", func(*world) {}, static},
		{"failures", func(w *world) { w.fail(map[string]error{"DEL c": errors.New("x"), "DEL a": errors.New("y")}) }, static},
		{"same pod", func(w *world) { w.selects("x") }, append([]string{"DEL net2 x"}, static...)},
		{"another pod", func(w *world) { w.pod("uid-2", map[string]string{"k8s.v1.cni.cncf.io/networks": "x"}) }, static},
		{"no pod", func(w *world) { w.api.Delete(podPath) }, static},
		{"one NAD gone", func(w *world) { w.selects("gone,x") }, append([]string{"DEL net3 x"}, static...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, abc)
			w.nad("x", `{"cniVersion":"1.1.0","type":"x"}`)
			tt.change(w)
			for range 2 {
				w.del(t, "c1")
				w.wantCalls(t, tt.want)
			}
		})
	}
}

// TestDelOfAnUnreadableRecord keeps it under a name that says so, once.
func TestDelOfAnUnreadableRecord(t *testing.T) {
	w := newWorld(t, abc)
	w.spoil(t, "c1", `{"schema":1,"sandbox":`)
	w.del(t, "c1")
	if calls := w.calls(); len(calls) != 3 {
		t.Errorf("calls %q", calls)
	}
	kept, _ := filepath.Glob(filepath.Join(string(w.State), "unreadable", "c1@eth0.json.*"))
	if got := w.phases("c1"); got != "none" || len(kept) != 1 {
		t.Errorf("the record says %s; kept %q", got, kept)
	}
}

// TestDelWhereTheRecordCannotBeSetAside detaches all the same, says so, and may
// be repeated.
func TestDelWhereTheRecordCannotBeSetAside(t *testing.T) {
	w := newWorld(t, abc)
	w.spoil(t, "c1", "{")
	blocked := filepath.Join(string(w.State), "unreadable")
	cnitest.Must(t, os.WriteFile(blocked, nil, 0o600))
	if got := object(t, w.Del(t.Context(), sandbox("c1"))); !strings.HasPrefix(got, "5 unreadable record") {
		t.Error(got)
	}
	if calls := w.calls(); len(calls) != 3 {
		t.Errorf("calls %q", calls)
	}
	cnitest.Must(t, os.Remove(blocked))
	w.del(t, "c1")
}

func TestCheck(t *testing.T) {
	w := newWorld(t, abc)
	if got := object(t, w.Check(t.Context(), sandbox("c1"))); got != "3 no record of the sandbox c1 (eth0)" {
		t.Error(got)
	}
	w.add(t, "c1")
	if err := w.Check(t.Context(), sandbox("c1")); err != nil {
		t.Error(err)
	}
	w.wantCalls(t, []string{"CHECK eth0 a", "CHECK net0 b", "CHECK net1 c"})
	w.fail(map[string]error{"CHECK b": &types.Error{Code: 101, Msg: "link down"}, "DEL b": errors.New("x")})
	if got := object(t, w.Check(t.Context(), sandbox("c1"))); got != "101 network b (net0): b: link down" {
		t.Error(got)
	}
	w.wantCalls(t, []string{"CHECK eth0 a", "CHECK net0 b"})
	if err := w.Del(t.Context(), sandbox("c1")); err == nil {
		t.Error("DEL succeeded")
	}
	if got := object(t, w.Check(t.Context(), sandbox("c1"))); !strings.HasPrefix(got, "11 network a (eth0): detached by a DEL") {
		t.Error(got)
	}
	w.spoil(t, "c2", "")
	if got := object(t, w.Check(t.Context(), sandbox("c2"))); !strings.HasPrefix(got, "5 unreadable record") {
		t.Error(got)
	}
}

// TestCheckWithoutAResult: an older Multus recorded no results where its cache is
// gone. The runtime has that of the default network; no other can be checked.
func TestCheckWithoutAResult(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	rec, err := w.State.Load(state.KeyOf(sandbox("c1")))
	cnitest.Must(t, err)
	for i := range rec.Attachments {
		rec.Attachments[i].Result = nil
	}
	cnitest.Must(t, w.State.Update(rec))
	w.calls()
	cnitest.Must(t, w.Check(t.Context(), sandbox("c1")))
	w.wantCalls(t, []string{})
	w.Planner.Conf.PrevResult = []byte(`{"cniVersion":"1.1.0"}`)
	cnitest.Must(t, w.Check(t.Context(), sandbox("c1")))
	w.wantCalls(t, []string{"CHECK eth0 a"})
}
