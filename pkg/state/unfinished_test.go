package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/plan"
)

func unfinished(t *testing.T, d Dir, uid string) string {
	t.Helper()
	keys, err := d.Unfinished(uid)
	must(t, err)
	var names []string
	for _, k := range keys {
		names = append(names, k.ContainerID)
	}
	return strings.Join(names, " ")
}

// A note names the sandbox of a pod until the record is removed, and nothing of it
// is left then.
func TestNotes(t *testing.T) {
	d := Dir(t.TempDir())
	if got := unfinished(t, d, "u"); got != "" {
		t.Errorf("noted: %s", got)
	}
	other := record(t, Key{ContainerID: "c2", IfName: "eth0"})
	for _, r := range []Record{other, record(t, k1)} {
		must(t, d.Create(r))
		must(t, d.NoteUnfinished(r))
		must(t, d.NoteUnfinished(r))
	}
	if got := unfinished(t, d, "u"); got != "c1 c2" {
		t.Errorf("noted: %s, want c1 c2", got)
	}
	if !d.IsUnfinished(other) || d.IsUnfinished(record(t, Key{ContainerID: "c3", IfName: "eth0"})) {
		t.Error("IsUnfinished: want c2, and not c3")
	}
	if got := unfinished(t, d, "another"); got != "" {
		t.Errorf("noted of another pod: %s", got)
	}
	must(t, d.Remove(other))
	if got := unfinished(t, d, "u"); got != "c1" {
		t.Errorf("noted: %s, want c1", got)
	}
	// DEL without a record knows of the pod what CNI_ARGS say.
	must(t, d.Remove(Record{Sandbox: plan.Sandbox{ContainerID: "c1", IfName: "eth0", Args: "K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;K8S_POD_UID=u"}}))
	if diff := cmp.Diff([]string{"sandboxes", "unfinished"}, files(t, d)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

// A note goes also where all records were taken away by hand.
func TestNoteAlone(t *testing.T) {
	d := Dir(t.TempDir())
	r := record(t, k1)
	must(t, d.NoteUnfinished(r))
	must(t, d.Remove(r))
	if got := unfinished(t, d, "u"); got != "" {
		t.Errorf("noted: %s", got)
	}
}

// The UID comes from outside and names a directory.
func TestNotesOfOddPods(t *testing.T) {
	for _, uid := range []string{"", "..", "../x", "a/b", strings.Repeat("u", 300)} {
		d := Dir(t.TempDir())
		r := record(t, k1)
		r.Pod.UID, r.Sandbox.Args = uid, ""
		must(t, d.NoteUnfinished(r))
		must(t, d.Remove(r))
		if got := unfinished(t, d, uid); got != "" || len(files(t, d)) > 0 {
			t.Errorf("%q: noted %q, files %q", uid, got, files(t, d))
		}
	}
}

func TestNotesBehindALink(t *testing.T) {
	d, outside := Dir(t.TempDir()), Dir(t.TempDir())
	must(t, outside.NoteUnfinished(record(t, k1)))
	must(t, os.Symlink(outside.path(unfinishedName), d.path(unfinishedName)))
	must(t, d.Create(record(t, k1)))
	_, err := d.Unfinished("u")
	for name, err := range map[string]error{"Unfinished": err, "NoteUnfinished": d.NoteUnfinished(record(t, k1)), "Remove": d.Remove(record(t, k1))} {
		if err == nil || !strings.Contains(err.Error(), "a symbolic link, which is not followed here") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := unfinished(t, outside, "u"); got != "c1" {
		t.Errorf("changed behind the link: %q", got)
	}
}

// The figures are those of List, IsStale and IsUnfinished together.
func TestSurvey(t *testing.T) {
	d := Dir(t.TempDir())
	alive, noted := record(t, k1), record(t, Key{ContainerID: "c2", IfName: "eth0"})
	alive.Sandbox.NetNS = "/proc/1/ns/net"
	noted.Sandbox.NetNS = alive.Sandbox.NetNS
	gone := record(t, Key{ContainerID: "c3", IfName: "eth0"})
	gone.Sandbox.NetNS = filepath.Join(string(d), "gone")
	gone.Attachments[0].Phase, gone.Attachments[1].Phase = Detached, Attaching
	noted.Attachments[1].Phase = Attached
	for _, r := range []Record{alive, noted, gone} {
		must(t, d.Create(r))
	}
	must(t, d.NoteUnfinished(noted))
	must(t, os.WriteFile(filepath.Join(string(d), "sandboxes", "c4@eth0.json"), []byte("{"), 0o600))
	got, err := d.Survey()
	want := Survey{Sandboxes: 3, Attachments: 2, Stale: 2, Unfinished: 1}
	if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, ErrUnreadable) {
		t.Errorf("%v; (-want +got):\n%s", err, diff)
	}
}
