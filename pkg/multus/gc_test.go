package multus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/state"
)

// valid sets the runtime's list.
func (w *world) valid(ids ...string) {
	w.Planner.Conf.ValidAttachments = []types.GCAttachment{}
	for _, id := range ids {
		w.Planner.Conf.ValidAttachments = append(w.Planner.Conf.ValidAttachments, types.GCAttachment{ContainerID: id, IfName: "eth0"})
	}
}

// lists are the calls with the list that each GC was given: GC a c1/eth0.
func (w *world) lists(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, c := range w.exec.Calls() {
		line := strings.Join(strings.Fields(c.Command+" "+c.Env["CNI_CONTAINERID"]+" "+c.Env["CNI_IFNAME"]+" "+c.Plugin), " ")
		if c.Command == "GC" {
			line += " " + string(c.Member("name")) + listed(t, c)
		}
		all = append(all, line)
	}
	w.exec.Reset()
	return all
}

func listed(t *testing.T, c cnitest.Call) string {
	t.Helper()
	raw := string(c.Member("cni.dev/valid-attachments"))
	if older := string(c.Member("cni.dev/attachments")); older != raw || !strings.HasPrefix(raw, "[") {
		t.Errorf("%s: lists %s and %s", c, raw, older)
	}
	raw = strings.NewReplacer(`{"containerID":"`, " ", `","ifname":"`, "/", `"}`, "", ",", "", "[", "", "]", "").Replace(raw)
	return raw
}

const nothing = "cni.dev/valid-attachments: the list of valid attachments is missing or null; nothing was collected"

func TestGC(t *testing.T) {
	w := newWorld(t, abc)
	w.nad("x", `{"cniVersion":"1.1.0","name":"shared","type":"x"}`)
	w.nad("y", `{"cniVersion":"1.1.0","name":"shared","type":"x"}`)
	w.nad("old", `{"cniVersion":"1.0.0","name":"old","type":"x"}`)
	w.selects("x,old")
	w.add(t, "c1")
	w.add(t, "stale")
	w.selects("y")
	w.add(t, "c2")
	if got := object(t, w.GC(t.Context())); got != "7 "+nothing {
		t.Error(got)
	}
	if calls := w.calls(); len(calls) > 0 {
		t.Errorf("calls %q", calls)
	}
	w.valid("c1", "c2", "alien")
	if err := w.GC(t.Context()); err != nil {
		t.Error(err)
	}
	// Two NADs of one CNI network are one network, with both pods' attachments.
	want := []string{
		"DEL stale net3 x", "DEL stale net2 x", "DEL stale net1 c", "DEL stale net0 b", "DEL stale eth0 a",
		`GC a "a" c1/eth0 c2/eth0 alien/eth0`, `GC b "b" c1/net0 c2/net0`, `GC c "c" c1/net1 c2/net1`, `GC x "shared" c1/net2 c2/net2`,
	}
	if diff := cmp.Diff(want, w.lists(t)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if w.phases("stale") != "none" || w.phases("c1") == "none" {
		t.Errorf("the records say stale: %s; c1: %s", w.phases("stale"), w.phases("c1"))
	}
}

// TestGCOfNothing: an empty list makes all stale, and is handed on as such.
func TestGCOfNothing(t *testing.T) {
	w := newWorld(t, abc)
	w.valid()
	if err := w.GC(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{`GC a "a"`, `GC b "b"`, `GC c "c"`}, w.lists(t)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestGCDisabled: a network that takes part in no GC keeps its attachments, stale
// or not, also where another network of its name does take part.
func TestGCDisabled(t *testing.T) {
	w := newWorld(t, `"cniVersion":"1.1.0","delegates":[{"cniVersion":"1.1.0","name":"a","type":"a"}]`)
	w.nad("off", `{"cniVersion":"1.1.0","name":"shared","disableGC":true,"plugins":[{"type":"x"}]}`)
	w.nad("before", `{"cniVersion":"1.0.0","name":"shared","type":"x"}`)
	w.nad("on", `{"cniVersion":"1.1.0","name":"shared","type":"x"}`)
	w.selects("off,before")
	w.add(t, "c1")
	w.selects("off,on")
	w.add(t, "c2")
	w.valid("c1")
	for _, want := range [][]string{
		{"DEL c2 net1 x", "DEL c2 eth0 a", `GC a "a" c1/eth0`, `GC x "shared" c1/net0 c1/net1 c2/net0`},
		{`GC a "a" c1/eth0`, `GC x "shared" c1/net0 c1/net1 c2/net0`},
	} {
		if err := w.GC(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, w.lists(t)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	}
	w.wantPhases(t, "c2", "eth0 detached, net0 attached, net1 detached")
	if err := w.Del(t.Context(), sandbox("c2")); err != nil || w.phases("c2") != "none" {
		t.Errorf("DEL: %v; the record says %s", err, w.phases("c2"))
	}
}

// TestGCUnreadable: a live sandbox's holds the networks back, as nobody knows what
// it has of them; a stale one's is set aside.
func TestGCUnreadable(t *testing.T) {
	for _, live := range []bool{true, false} {
		t.Run(fmt.Sprintf("live=%t", live), func(t *testing.T) {
			w := newWorld(t, abc)
			w.add(t, "stale")
			w.spoil(t, "c1", "{")
			w.valid()
			if live {
				w.valid("c1")
			}
			err := w.GC(t.Context())
			calls := w.calls()
			kept, _ := filepath.Glob(filepath.Join(string(w.State), "unreadable", "c1@eth0.json.*"))
			if live {
				if got := object(t, err); !strings.HasPrefix(got, "5 unreadable record") || !strings.Contains(got, "networks left alone") {
					t.Error(got)
				}
				if len(calls) != 3 || len(kept) != 0 || !strings.HasPrefix(w.phases("c1"), "unreadable") {
					t.Errorf("calls %q, kept %q", calls, kept)
				}
				return
			}
			if err != nil || len(calls) != 6 || len(kept) != 1 || w.phases("c1") != "none" {
				t.Errorf("%v; calls %q, kept %q", err, calls, kept)
			}
		})
	}
}

// A folder of records that cannot be listed may hold live sandboxes, whose
// addresses no network may be told to free.
func TestGCWithoutRecords(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	w.exec.Reset()
	w.valid("c1")
	sandboxes := filepath.Join(string(w.State), "sandboxes")
	cnitest.Must(t, os.RemoveAll(sandboxes))
	cnitest.Must(t, os.Symlink(t.TempDir(), sandboxes))
	err := w.GC(t.Context())
	if got := object(t, err); !strings.HasPrefix(got, "5 ") || !strings.Contains(got, "networks left alone") {
		t.Errorf("answered %s", got)
	}
	if calls := w.lists(t); len(calls) != 0 {
		t.Errorf("delegates were called: %v", calls)
	}
}

// TestGCGoesOn where one thing fails, and tells of all.
func TestGCGoesOn(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "s1")
	w.add(t, "s2")
	w.valid()
	w.fail(map[string]error{"DEL b": &types.Error{Code: 5, Msg: "disk"}, "GC a": errors.New("no")})
	got := object(t, w.GC(t.Context()))
	if want := "5 sandbox s1 (eth0): network b (net0): b: disk\nsandbox s2 (eth0): network b (net0): b: disk\nnetwork a: a: no"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if calls := w.calls(); len(calls) != 9 {
		t.Errorf("calls %q", calls)
	}
	w.wantPhases(t, "s2", "eth0 detached, net0 attached, net1 detached")
}

// TestGCHasOneDelegatesTime for everything: all pods of the node wait for it.
func TestGCHasOneDelegatesTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newStatic(t, abc)
		w.State = state.Dir(dir)
		for i := range 5 {
			w.add(t, fmt.Sprintf("s%d", i))
		}
		w.exec.Answer = func(ctx context.Context, _ cnitest.Call) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		w.valid()
		begin := time.Now()
		got := object(t, w.GC(t.Context()))
		if !strings.HasPrefix(got, "11 ") || !strings.Contains(got, "4 stale sandboxes left for the next GC") {
			t.Error(got)
		}
		if took := time.Since(begin); took > 2*time.Minute+time.Second {
			t.Errorf("GC took %s", took)
		}
		w.exec.Answer = nil
		if err := w.GC(t.Context()); err != nil {
			t.Error(err)
		}
		if keys, err := w.State.Keys(); len(keys) > 0 || err != nil {
			t.Errorf("records of %v are left, %v", keys, err)
		}
	})
}

// TestLockedOut: who does not get the lock in time says so and does nothing.
func TestLockedOut(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	w.valid()
	w.Planner.Conf.DelegateTimeout, w.Planner.Conf.ReadinessTimeout, w.Planner.Conf.APITimeout = 20*time.Millisecond, 20*time.Millisecond, 20*time.Millisecond
	l, err := w.State.Lock(t.Context(), state.KeyOf(sandbox("c1")))
	cnitest.Must(t, err)
	for command, call := range map[string]func() error{
		"DEL":   func() error { return w.Del(t.Context(), sandbox("c1")) },
		"CHECK": func() error { return w.Check(t.Context(), sandbox("c1")) },
		"GC":    func() error { return w.GC(t.Context()) },
		"ADD":   func() error { _, err := w.Add(t.Context(), sandbox("c1")); return err },
	} {
		if got := object(t, call()); !strings.HasPrefix(got, "11 ") || !strings.Contains(got, "another command is at work") {
			t.Errorf("%s: %s", command, got)
		}
	}
	if calls := w.calls(); len(calls) > 0 {
		t.Errorf("calls %q", calls)
	}
	cnitest.Must(t, l.Unlock())
	w.del(t, "c1")
}
