package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
)

func TestLifeOfARecord(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "cni", "multus"))
	r := record(t, k1)
	must(t, d.Create(r))
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(r, got); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}

	r = attached(r)
	must(t, d.Update(r))
	got, err = d.Load(k1)
	must(t, err)
	if diff := differ(r, got); diff != "" {
		t.Errorf("updated (-want +got):\n%s", diff)
	}

	must(t, d.Remove(r))
	must(t, d.Remove(r))
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) || err.Error() != "no record of the sandbox c1 (eth0)" {
		t.Errorf("removed: %v", err)
	}
	if diff := cmp.Diff([]string{"sandboxes"}, files(t, d)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestPermissions(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "multus"))
	must(t, os.MkdirAll(d.path(sandboxesName), 0o755))
	must(t, d.Create(record(t, k1)))
	for path, want := range map[string]os.FileMode{
		sandboxesName:                   0o700 | os.ModeDir,
		sandboxesName + "/c1@eth0.json": 0o600,
	} {
		info, err := os.Stat(d.path(path))
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s: %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	d := Dir(t.TempDir())
	first := record(t, k1)
	must(t, d.Create(first))
	err := d.Create(attached(first))
	if !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "c1@eth0.json") {
		t.Errorf("second Create: %v", err)
	}
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(first, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sandboxes", "sandboxes/c1@eth0.json"}, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Record)
		want   string
	}{
		{"phase", func(r *Record) { r.Attachments[1].Phase = "" }, `attachment 1: phase ""`},
		{"configuration", func(r *Record) { r.Attachments[0].Config = netconf.List{} }, "attachment 0: no plugins"},
		{"interface", func(r *Record) { r.Attachments[0].Interface = "a b" }, "attachment 0: interface name"},
		{"result", func(r *Record) { r.Attachments[0].Result = []byte("{") }, "record of sandbox c1 (eth0)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(t.TempDir())
			r := record(t, k1)
			tt.change(&r)
			if err := d.Create(r); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if got := files(t, d); len(got) > 0 {
				t.Errorf("made %q", got)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	d := Dir(t.TempDir())
	must(t, d.Create(record(t, k1)))
	path := d.path("sandboxes/c1@eth0.json")
	good, err := os.ReadFile(path)
	must(t, err)
	text := string(good)
	tests := []struct{ name, content, want string }{
		{"empty", "", "unexpected end"},
		{"truncated", text[:len(text)/2], "unexpected end"},
		{"zeroed", strings.Repeat("\x00", len(text)), "invalid character"},
		{"garbage", "\xff\xfe", "invalid character"},
		{"two", text + text, "invalid character '{' after top-level value"},
		{"array", "[]", "cannot unmarshal array"},
		{"null", "null", "schema 0, want 1"},
		{"no schema", "{}", "schema 0, want 1"},
		{"negative schema", `{"schema":-1}`, "schema -1, want 1"},
		{"newer", strings.Replace(text, `"schema":1`, `"schema":2`, 1), "written by a newer multus: schema 2, this one reads 1"},
		{"newer and different", `{"schema":7,"created":{},"attachments":{}}`, "written by a newer multus: schema 7"},
		{"other container", strings.Replace(text, `"containerID":"c1"`, `"containerID":"c2"`, 1), `record of another sandbox, "c2" ("eth0")`},
		{"other interface", strings.Replace(text, `"ifName":"eth0"`, `"ifName":"eth1"`, 1), `record of another sandbox, "c1" ("eth1")`},
		{"phase", strings.Replace(text, `"planned"`, `"plan"`, 1), `phase "plan"`},
		{"no configuration", strings.ReplaceAll(text, `"config":`, `"konfig":`), "no plugins in its configuration"},
		{"no interface", strings.ReplaceAll(text, `"interface":`, `"x":`), "interface name: is empty"},
		{"deep", strings.Repeat(`{"a":`, 20000), "exceeded max depth"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			must(t, os.WriteFile(path, []byte(tt.content), 0o600))
			_, err := d.Load(k1)
			if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want ErrUnreadable and %q", err, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "unreadable record "+path+": ") {
				t.Errorf("error %v does not name the file", err)
			}
		})
	}
}

// A later version may add members without a new schema.
func TestLoadPassesOverUnknownMembers(t *testing.T) {
	d := Dir(t.TempDir())
	must(t, d.Create(record(t, k1)))
	path := d.path("sandboxes/c1@eth0.json")
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append([]byte(`{"later":[1],`), data[1:]...), 0o600))
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(record(t, k1), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSetAside(t *testing.T) {
	d := Dir(t.TempDir())
	if _, err := d.SetAside(k1); !errors.Is(err, ErrNone) {
		t.Errorf("nothing to set aside: %v", err)
	}
	var paths []string
	for _, content := range []string{"one", "two"} {
		write(t, d, "sandboxes/c1@eth0.json", content)
		write(t, d, "sandboxes/.c1@eth0.json.tmp", "stale")
		path, err := d.SetAside(k1)
		must(t, err)
		paths = append(paths, path)
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%s holds %q, %v; want %q", path, got, err, content)
		}
		if !strings.HasPrefix(path, d.path("unreadable/c1@eth0.json.2")) {
			t.Errorf("set aside as %s", path)
		}
	}
	if paths[0] == paths[1] {
		t.Errorf("both set aside as %s", paths[0])
	}
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
	keys, err := d.Keys()
	if err != nil || len(keys) > 0 {
		t.Errorf("keys %v, %v", keys, err)
	}
	if left := filepath.Join(string(d), sandboxesName); len(files(t, Dir(left))) > 0 {
		t.Errorf("left in sandboxes: %q", files(t, Dir(left)))
	}
}

// The record that is unreadable hides one that an older version left no longer.
func TestSetAsideUncoversTheOlder(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "sandboxes/c1@eth0.json", "x")
	write(t, d, "c1", `[{"type":"bridge","name":"n"}]`)
	_, err := d.SetAside(k1)
	must(t, err)
	_, err = d.Load(k1)
	must(t, err)
	write(t, d, "c1", `x`)
	path, err := d.SetAside(k1)
	must(t, err)
	if !strings.HasPrefix(path, d.path("unreadable/c1.2")) {
		t.Errorf("set aside as %s", path)
	}
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
}

func TestAsideNameFits(t *testing.T) {
	name := asideName(strings.Repeat("c", maxName), time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	if len(name) != maxName || !strings.HasSuffix(name, "c.20260102T030405.000000006Z") {
		t.Errorf("%d bytes: %s", len(name), name)
	}
}
