package multus_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// left are the files below the state directory, but for the lock.
func (w *world) left(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(string(w.State), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			rel, _ := filepath.Rel(string(w.State), path)
			files = append(files, rel)
		}
		return err
	})
	cnitest.Must(t, err)
	return files
}

// TestUnfinished: a pod that starts again and again while a plugin is down never
// holds more than its last failure does, and all is freed once the plugin works.
func TestUnfinished(t *testing.T) {
	w := newWorld(t, abc)
	down := map[string]error{"ADD b": errors.New("agent down"), "DEL b": errors.New("agent down")}
	w.fail(down)
	for i := range 3 {
		if _, err := w.Add(t.Context(), sandbox(fmt.Sprintf("c%d", i))); err == nil {
			t.Fatal("ADD succeeded")
		}
	}
	if diff := cmp.Diff([]string{
		"sandboxes/c0@eth0.json", "sandboxes/c1@eth0.json", "sandboxes/c2@eth0.json",
		"unfinished/uid-1/c0@eth0.json", "unfinished/uid-1/c1@eth0.json", "unfinished/uid-1/c2@eth0.json",
	}, w.left(t)); diff != "" {
		t.Errorf("while the plugin is down (-want +got):\n%s", diff)
	}
	w.calls()
	w.fail(nil)
	if _, err := w.Add(t.Context(), sandbox("c3")); err != nil {
		t.Fatal(err)
	}
	w.wantCalls(t, []string{"DEL net0 b", "DEL net0 b", "DEL net0 b", "ADD eth0 a", "ADD net0 b", "ADD net1 c"})
	if diff := cmp.Diff([]string{"sandboxes/c3@eth0.json"}, w.left(t)); diff != "" {
		t.Errorf("once the plugin works (-want +got):\n%s", diff)
	}
}

// TestUnfinishedByDel: DEL of one sandbox finishes the earlier ones too, and a pod's
// DEL never another pod's.
func TestUnfinishedByDel(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c0")
	w.fail(map[string]error{"DEL c": errors.New("x")})
	if err := w.Del(t.Context(), sandbox("c0")); err == nil {
		t.Fatal("DEL succeeded")
	}
	w.fail(nil)
	w.calls()
	other := sandbox("c1")
	other.Args = strings.ReplaceAll(podArgs, "uid-1", "uid-2")
	cnitest.Must(t, w.Del(t.Context(), other))
	w.wantPhases(t, "c0", "eth0 detached, net0 detached, net1 attached")
	w.del(t, "c2")
	if left := w.left(t); left != nil {
		t.Errorf("%q is left", left)
	}
}

// TestUnfinishedComesFirst: also where ADD can do nothing else, and what is noted
// without a record that can be read is not tried again.
func TestUnfinishedComesFirst(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c0")
	w.add(t, "c1")
	w.fail(map[string]error{"DEL c": errors.New("x")})
	for _, id := range []string{"c0", "c1"} {
		if err := w.Del(t.Context(), sandbox(id)); err == nil {
			t.Fatal("DEL succeeded")
		}
	}
	w.spoil(t, "c1", "{")
	w.fail(nil)
	w.selects("missing")
	w.calls()
	if _, err := w.Add(t.Context(), sandbox("c2")); err == nil {
		t.Fatal("ADD succeeded")
	}
	w.wantCalls(t, []string{"DEL net1 c"})
	if left := w.left(t); len(left) != 1 || !strings.HasPrefix(left[0], "unreadable/c1@eth0.json.") {
		t.Errorf("left: %q", left)
	}
}

// TestUnfinishedTakesFiveSeconds at most of an ADD, however many hang.
func TestUnfinishedTakesFiveSeconds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newStatic(t, abc)
		w.State = state.Dir(dir)
		for i := range 3 {
			id := fmt.Sprintf("c%d", i)
			w.add(t, id)
			w.fail(map[string]error{"DEL c": errors.New("x")})
			if err := w.Del(t.Context(), sandbox(id)); err == nil {
				t.Fatal("DEL succeeded")
			}
			w.fail(map[string]error{"DEL c": errors.New("x")})
		}
		w.exec.Answer = func(ctx context.Context, c cnitest.Call) ([]byte, error) {
			if c.Command == "DEL" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return cnitest.Empty(ctx, c)
		}
		begin := time.Now()
		if _, err := w.Add(t.Context(), sandbox("new")); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 5500*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestCollect(t *testing.T) {
	w := newWorld(t, abc)
	ns := cnitest.NewNetNS(t)
	empty := filepath.Join(w.dir, "empty")
	cnitest.Must(t, os.WriteFile(empty, nil, 0o600))
	paths := map[string]string{
		"alive": ns.Path, "gone": filepath.Join(w.dir, "gone"), "known": filepath.Join(w.dir, "known"), "failed": ns.Path,
		"process": "/proc/999999999/ns/net", "unseen": filepath.Join(w.dir, "no-directory", "ns"), "unmounted": empty,
	}
	for _, id := range slices.Sorted(maps.Keys(paths)) {
		sb := sandbox(id)
		sb.NetNS = paths[id]
		sb.Args = strings.ReplaceAll(podArgs, "uid-1", "uid-"+id)
		w.pod("uid-"+id, nil)
		if _, err := w.Add(t.Context(), sb); err != nil {
			t.Fatal(err)
		}
	}
	w.fail(map[string]error{"DEL a": errors.New("x")})
	if err := w.Del(t.Context(), sandbox("failed")); err == nil {
		t.Fatal("DEL succeeded")
	}
	w.fail(nil)
	for _, id := range []string{"note", "known"} { // of which no record is left
		rec := state.Record{Sandbox: plan.Sandbox{ContainerID: id, IfName: "eth0"}, Pod: plan.Pod{UID: "uid-of-" + id}}
		cnitest.Must(t, w.State.NoteUnfinished(rec))
	}
	finished, err := w.Collect(t.Context(), func(id string) bool { return id == "known" })
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]state.Key{{ContainerID: "failed", IfName: "eth0"}, {ContainerID: "note", IfName: "eth0"}, {ContainerID: "gone", IfName: "eth0"}}, finished); diff != "" {
		t.Errorf("finished (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"sandboxes/alive@eth0.json", "sandboxes/known@eth0.json", "sandboxes/process@eth0.json",
		"sandboxes/unmounted@eth0.json", "sandboxes/unseen@eth0.json", "unfinished/uid-of-known/known@eth0.json",
	}, w.left(t)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestVerify compares results with requests that no plugin declares.
func TestVerify(t *testing.T) {
	const asks = `[{"name":"x","mac":"02:00:00:00:00:01","ips":["192.0.2.7/24"]}]`
	result := func(mac, ips string) string {
		return `{"cniVersion":"1.0.0","interfaces":[{"name":"net0","mac":"` + mac + `","sandbox":"/n"}],"ips":[` + ips + `]}`
	}
	tests := []struct {
		name, policy, result, want string
	}{
		{"as asked for", "verify", result("02:00:00:00:00:01", `{"address":"192.0.2.7/24","interface":0}`), "no error"},
		{"in another spelling", "verify", result("02-00-00-00-00-01", `{"address":"192.0.2.8/24"},{"address":"192.0.2.7/32"}`), "no error"},
		{"nothing reported", "verify", `{"cniVersion":"1.0.0"}`, "no error"},
		{"another MAC", "verify", result("02:00:00:00:00:02", ""), "7 network ns1/x (net0): mac: 02:00:00:00:00:01 was asked for, and the interface has 02:00:00:00:00:02"},
		{"another address", "verify", result("", `{"address":"192.0.2.8/24"}`), "7 network ns1/x (net0): ips: 192.0.2.7/24 was asked for, and the interface has 192.0.2.8"},
		{"never compared", "legacy", result("02:00:00:00:00:02", `{"address":"192.0.2.8/24"}`), "no error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, `"cniVersion":"1.0.0","unsupportedRequests":"`+tt.policy+`","delegates":[{"cniVersion":"1.0.0","name":"a","type":"a"}]`)
			w.nad("x", `{"cniVersion":"1.0.0","type":"x"}`)
			w.selects(asks)
			w.exec.Answer = func(ctx context.Context, c cnitest.Call) ([]byte, error) {
				if c.Plugin == "x" && !strings.HasSuffix(c.Env["CNI_ARGS"], "IP=192.0.2.7/24;MAC=02:00:00:00:00:01") {
					t.Errorf("%s: CNI_ARGS %s", c, c.Env["CNI_ARGS"])
				}
				if c.String() == "ADD x" {
					return []byte(tt.result), nil
				}
				return cnitest.Empty(ctx, c)
			}
			_, err := w.Add(t.Context(), sandbox("c1"))
			if got := object(t, err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("answered %s\nwant %s", got, tt.want)
			}
			want := []string{"ADD eth0 a", "ADD net0 x"}
			if tt.want != "no error" {
				want = append(want, "DEL net0 x", "DEL eth0 a")
			}
			w.wantCalls(t, want)
		})
	}
}

// TestCheckWithoutARecord: a pod that is older than Multus has its default network.
func TestCheckWithoutARecord(t *testing.T) {
	w := newWorld(t, abc+`,"prevResult":{"cniVersion":"1.1.0","ips":[{"address":"192.0.2.1/24"}]}`)
	cnitest.Must(t, w.Check(t.Context(), sandbox("c1")))
	calls := w.exec.Calls()
	if len(calls) != 1 || calls[0].String() != "CHECK a" || calls[0].Env["CNI_IFNAME"] != "eth0" || !strings.Contains(string(calls[0].Member("prevResult")), "192.0.2.1") {
		t.Errorf("%v", calls)
	}
	w.fail(map[string]error{"CHECK a": &types.Error{Code: 101, Msg: "link down"}})
	if got := object(t, w.Check(t.Context(), sandbox("c1"))); got != "101 network a (eth0): a: link down" {
		t.Error(got)
	}
	w = newWorld(t, `"cniVersion":"1.1.0","clusterNetwork":"x","defaultNetworks":["y"],"confDir":"$DIR","prevResult":{"cniVersion":"1.1.0"}`)
	if got := object(t, w.Check(t.Context(), sandbox("c1"))); !strings.HasPrefix(got, "7 no record of the sandbox c1 (eth0), and no default network to check: ") {
		t.Error(got)
	}
	cnitest.Must(t, os.WriteFile(filepath.Join(w.dir, "x.conf"), []byte(`{"cniVersion":"1.1.0","name":"x","type":"a"}`), 0o600))
	if err := w.Check(t.Context(), sandbox("c1")); err != nil {
		t.Errorf("another network of every pod is missing: %v", err)
	}
}

// TestDelNeverSaysNotFound, for containerd takes that for success.
func TestDelNeverSaysNotFound(t *testing.T) {
	w := newWorld(t, abc)
	w.add(t, "c1")
	w.exec.Missing = []string{"a"}
	w.fail(map[string]error{"DEL b": &types.Error{Code: 5, Msg: "Link Not Found", Details: "open /x: no such file or directory"}})
	err := w.Del(t.Context(), sandbox("c1"))
	answer := string(multus.Call{Command: "DEL"}.ErrorObject("1.1.0", err))
	lower := strings.ToLower(answer)
	if strings.Contains(lower, "not found") || strings.Contains(lower, "no such file") || !strings.Contains(answer, "Link missing") || !strings.Contains(answer, `"details":"open /x: missing"`) {
		t.Error(answer)
	}
}
