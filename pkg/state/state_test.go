package state

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// TestMain runs the test binary as one of the children that tests kill.
func TestMain(m *testing.M) {
	if role := os.Getenv("STATE_TEST_CHILD"); role != "" {
		os.Exit(child(role, Dir(os.Getenv("STATE_TEST_DIR"))))
	}
	os.Exit(m.Run())
}

var k1 = Key{ContainerID: "c1", IfName: "eth0"}

// list is a configuration with all that JSON writers like to spoil.
func list(t testing.TB, name string) netconf.List {
	t.Helper()
	conf := `{"cniVersion":"1.0.0","name":"` + name + `","plugins":[{"type":"macvlan","big":90071992547409931234,"text":"<&> ü","z":1,"a":{"b":1.0e3}}]}`
	l, _, err := netconf.Parse([]byte(conf), "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// record is a record of two attachments.
func record(t testing.TB, k Key) Record {
	t.Helper()
	r := Record{
		Schema:  Schema,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Sandbox: plan.Sandbox{ContainerID: k.ContainerID, IfName: k.IfName, NetNS: "/run/netns/n", Args: "A=<&>;B="},
		Pod:     plan.Pod{Namespace: "default", Name: "p", UID: "u"},
	}
	for i, name := range []string{"cluster", "default/a"} {
		r.Attachments = append(r.Attachments, Attachment{
			Attachment: plan.Attachment{
				Network:       name,
				Interface:     fmt.Sprintf("net%d", i),
				Master:        i == 0,
				Config:        list(t, filepath.Base(name)),
				RuntimeConfig: map[string]json.RawMessage{"ips": json.RawMessage(`["10.0.0.1/24"]`)},
				Args:          "A=<&>",
				DefaultRoute:  &plan.DefaultRoute{Gateways: []string{"10.0.0.1"}},
				Device:        &plan.Device{Resource: "x.com/vf", ID: "0000:00:01.0"},
			},
			Phase: Planned,
		})
	}
	return r
}

func attached(r Record) Record {
	r.Attachments = slices.Clone(r.Attachments)
	for i := range r.Attachments {
		r.Attachments[i].Phase = Attached
		r.Attachments[i].Result = json.RawMessage(`{"cniVersion":"1.0.0","big":90071992547409931234}`)
	}
	return r
}

// differ compares all of two records, the configurations by their JSON.
func differ(want, got Record) string {
	return cmp.Diff(want, got, cmp.Comparer(netconf.List.Equal))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files are the paths of all files and directorys below the directory, relative to it.
func files(t testing.TB, d Dir) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(string(d), func(path string, _ os.DirEntry, err error) error {
		if path != string(d) {
			found = append(found, strings.TrimPrefix(path, string(d)+"/"))
		}
		return err
	})
	must(t, err)
	return found
}

// write puts a file below the directory.
func write(t testing.TB, d Dir, name, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(d.path(name)), 0o700))
	must(t, os.WriteFile(d.path(name), []byte(content), 0o600))
}

// TestClear removes nothing while something is recorded, and nothing of others.
func TestClear(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(t *testing.T, d Dir)
		stays   bool
	}{
		"nothing recorded":     {func(*testing.T, Dir) {}, false},
		"something of others'": {func(t *testing.T, d Dir) { write(t, d, "other", "") }, true},
		"a record":             {func(t *testing.T, d Dir) { write(t, d, "sandboxes/c1@eth0.json", "{}") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := Dir(t.TempDir())
			for _, sub := range []string{"sandboxes", "unfinished"} {
				if err := os.Mkdir(d.path(sub), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			write(t, d, "lock", "")
			write(t, d, "known", "")
			tt.prepare(t, d)
			if err := d.Clear("known"); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(string(d)); (err == nil) != tt.stays {
				t.Errorf("%v, stays: %v", err, tt.stays)
			}
			if err := d.Clear("known"); err != nil {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}
