package state

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestList(t *testing.T) {
	d := Dir(t.TempDir())
	if got, err := d.List(); err != nil || len(got) > 0 {
		t.Errorf("empty directory: %v, %v", got, err)
	}
	if got, err := (d + "/missing").List(); err != nil || len(got) > 0 {
		t.Errorf("missing directory: %v, %v", got, err)
	}
	for _, k := range []Key{{"b", "eth1"}, {"b", "eth0"}, {"a", "eth0"}} {
		must(t, d.Create(record(t, k)))
	}
	write(t, d, "sandboxes/bad@eth0.json", "x")
	write(t, d, "sandboxes/.a@eth0.json.tmp", "half")
	write(t, d, "sandboxes/README", "x")
	write(t, d, "older", `[{"type":"bridge","name":"n"}]`)
	write(t, d, "a", `[{"type":"bridge","name":"n"}]`) // continued as a@eth0
	write(t, d, "truncated", `[{"type":`)
	write(t, d, "multus.log", "started\n")
	write(t, d, "lock", "")
	write(t, d, "directory/x", "[]")
	must(t, os.Symlink("older", d.path("link")))

	records, err := d.List()
	want := []Key{{"a", "eth0"}, {"b", "eth0"}, {"b", "eth1"}, {"older", "eth0"}}
	var got []Key
	for _, r := range records {
		got = append(got, r.Key())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if !errors.Is(err, ErrUnreadable) || strings.Count(err.Error(), "unreadable record") != 2 ||
		!strings.Contains(err.Error(), "bad@eth0.json") || !strings.Contains(err.Error(), "/truncated") {
		t.Errorf("error %v, want bad@eth0.json and truncated", err)
	}

	keys, err := d.Keys()
	must(t, err)
	want = []Key{{"a", "eth0"}, {"b", "eth0"}, {"b", "eth1"}, {"bad", "eth0"}, {"older", "eth0"}, {"truncated", "eth0"}}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
