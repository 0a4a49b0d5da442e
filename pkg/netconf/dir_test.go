package netconf_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
)

// folder writes files and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		cnitest.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		cnitest.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// types are the plugins of a list, in order.
func types(l netconf.List) string {
	var out []string
	for _, p := range l.Plugins() {
		out = append(out, p.Type())
	}
	return strings.Join(out, " ")
}

const (
	listOf   = `{"cniVersion":"1.0.0","name":"net-a","plugins":[{"type":"list"}]}`
	pluginOf = `{"cniVersion":"1.0.0","name":"net-a","type":"plugin"}`
)

func TestNamed(t *testing.T) {
	tests := map[string]struct {
		files          map[string]string
		file, types    string
		warningsNaming []string
	}{
		"by its JSON name": {
			files: map[string]string{"net-a.conflist": strings.ReplaceAll(listOf, "net-a", "other"), "99-zzz.conflist": listOf},
			file:  "99-zzz.conflist", types: "list",
		},
		"lists before plugins": {files: map[string]string{"00.conf": pluginOf, "00.json": pluginOf, "50.conflist": listOf}, file: "50.conflist", types: "list"},
		"by file name":         {files: map[string]string{"20.conf": pluginOf, "10.json": strings.ReplaceAll(pluginOf, "plugin", "first")}, file: "10.json", types: "first"},
		"the specification's own extensions": {
			files: map[string]string{"00.config": pluginOf, "50.configlist": listOf}, file: "50.configlist", types: "list",
		},
		"a plugin alone":        {files: map[string]string{"00.config": pluginOf, "x.txt": listOf}, file: "00.config", types: "plugin"},
		"a list in a .conf":     {files: map[string]string{"00.conf": listOf}, file: "00.conf", types: "list"},
		"a plugin in .conflist": {files: map[string]string{"00.conflist": pluginOf}, file: "00.conflist", types: "plugin"},
		"past unreadable files": {
			files: map[string]string{"00-x.conflist": "{{{", "01-x.conflist": "[]", "02-x.conflist": `{"name":5}`, "10.conflist": listOf},
			file:  "10.conflist", types: "list", warningsNaming: []string{"00-x.conflist", "01-x.conflist"},
		},
		"with its folder": {
			files: map[string]string{
				"10.conflist": listOf, "net-a/20.conf": `{"type":"second"}`, "net-a/10.conf": `{"type":"first","name":"x"}`,
				"net-a/00.json": `{"type":"no"}`, "net-a/x/00.conf": `{"type":"no"}`,
			},
			file: "10.conflist", types: "list first second",
		},
		"keys dropped": {
			files: map[string]string{"10.conf": `{"name":"net-a","type":"plugin","prevResult":{}}`},
			file:  "10.conf", types: "plugin", warningsNaming: []string{"10.conf"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, tt.files)
			got, err := netconf.Dir{dir}.Named("net-a")
			cnitest.Must(t, err)
			if diff := cmp.Diff([]string{filepath.Join(dir, tt.file), "net-a", tt.types}, []string{got.File, got.List.Name(), types(got.List)}); diff != "" {
				t.Errorf("file, name and plugins (-want +got):\n%s", diff)
			}
			if len(got.Warnings) != len(tt.warningsNaming) {
				t.Fatalf("warnings %q, want %d", got.Warnings, len(tt.warningsNaming))
			}
			for i, file := range tt.warningsNaming {
				if !strings.Contains(got.Warnings[i], filepath.Join(dir, file)+": ") {
					t.Errorf("warning %q does not name %s", got.Warnings[i], file)
				}
			}
		})
	}
}

func TestNamedFindsNothing(t *testing.T) {
	t.Run("a file for a folder", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.conf": pluginOf})
		if got, err := (netconf.Dir{dir + "/a.conf", dir}).Named("net-a"); err == nil || errors.Is(err, netconf.ErrNotFound) {
			t.Errorf("found %q, error %v, want one that says what is wrong with the folder", got.File, err)
		}
	})
	t.Run("no match", func(t *testing.T) {
		dir := folder(t, map[string]string{"00.conf": `{"name":"net-a",}`, "10.conf": `{"name":"other","type":"x"}`})
		got, err := netconf.Dir{dir}.Named("net-a")
		want := `network "net-a" in ` + dir + `: no such network on disk (skipped: ` + dir + `/00.conf: line 1, column 16: trailing comma before "}")`
		if !errors.Is(err, netconf.ErrNotFound) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if len(got.Warnings) != 1 {
			t.Errorf("warnings %q, want one", got.Warnings)
		}
	})
	t.Run("no folder", func(t *testing.T) {
		dir := t.TempDir()
		_, err := netconf.Dir{dir + "/a", dir + "/b"}.Named("net-a")
		want := `network "net-a": no such network on disk: no directory ` + dir + `/a or ` + dir + `/b`
		if !errors.Is(err, netconf.ErrNotFound) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	})
	t.Run("no name", func(t *testing.T) {
		dir := folder(t, map[string]string{"00.conf": `{"type":"x"}`, "10.conf": `{"name":"","type":"x"}`})
		if got, err := (netconf.Dir{dir}).Named(""); !errors.Is(err, netconf.ErrNotFound) {
			t.Errorf("found %s, error %v", got.File, err)
		}
	})
}

// The network that was asked for must not be replaced by a worse one of its name
// because there is a mistake in it.
func TestNamedStopsAtAMistake(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"in the file":      {map[string]string{"00.conflist": `{"name":"net-a","plugins":[{"type":"/x"}]}`, "10.conf": pluginOf}, `/00.conflist: plugins[0]: type: "/x"`},
		"in the version":   {map[string]string{"00.conflist": `{"name":"net-a","cniVersion":"9","plugins":[{"type":"x"}]}`, "10.conf": pluginOf}, `/00.conflist: cniVersion: "9"`},
		"in its folder":    {map[string]string{"00.conflist": listOf, "net-a/00.conf": `{"type":""}`, "10.conf": pluginOf}, `/net-a: 00.conf: type: "": the bare name`},
		"list in a folder": {map[string]string{"00.conflist": listOf, "net-a/00.conf": `{"type":"x","plugins":[]}`}, `/net-a: 00.conf: a single plugin is expected, found a list`},
		"text in a folder": {map[string]string{"00.conflist": listOf, "net-a/00.conf": "type: x"}, `/net-a/00.conf: line 1, column 1`},
		"no plugins":       {map[string]string{"00.conflist": `{"name":"net-a"}`, "net-a/00.json": `{"type":"x"}`}, `/00.conflist: neither "plugins"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, tt.files)
			got, err := netconf.Dir{dir}.Named("net-a")
			if err == nil {
				t.Fatalf("found %s", got.File)
			}
			if errors.Is(err, netconf.ErrNotFound) || !strings.Contains(err.Error(), dir+tt.want) {
				t.Errorf("error %q, want one with %q", err, dir+tt.want)
			}
		})
	}
}

func TestFirstFolderThatExistsCounts(t *testing.T) {
	empty, full := t.TempDir(), folder(t, map[string]string{"a.conf": pluginOf})
	if got, err := (netconf.Dir{filepath.Join(empty, "none"), full}).Named("net-a"); err != nil || got.File != full+"/a.conf" {
		t.Errorf("found %q, error %v", got.File, err)
	}
	if got, err := (netconf.Dir{empty, full}).Named("net-a"); !errors.Is(err, netconf.ErrNotFound) {
		t.Errorf("found %q behind a folder that exists, error %v", got.File, err)
	}
}

func TestFirst(t *testing.T) {
	dir := folder(t, map[string]string{
		"00.txt": pluginOf, "00-multus.conf": `{"name":"multus","type":"multus","delegates":[]}`, "05.conf": "{{{", "06.conflist": `{"name":"x","plugins":[]}`,
		"10.conf": pluginOf, "20.conflist": listOf,
	})
	got, err := netconf.First(dir)
	cnitest.Must(t, err)
	if got.File != dir+"/10.conf" || len(got.Warnings) != 3 {
		t.Errorf("found %s with warnings %q, want 10.conf and three", got.File, got.Warnings)
	}
	t.Run("with its folder", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.conflist": listOf, "net-a/a.conf": `{"type":"more"}`})
		got, err := netconf.First(dir)
		if err != nil || types(got.List) != "list more" {
			t.Errorf("plugins %q, error %v", types(got.List), err)
		}
	})
	t.Run("nothing usable", func(t *testing.T) {
		dir := folder(t, map[string]string{"a.conf": "{}"})
		if _, err := netconf.First(dir); !errors.Is(err, netconf.ErrNotFound) || !strings.Contains(err.Error(), dir+"/a.conf") {
			t.Errorf("error %v, want ErrNotFound that names the file", err)
		}
		if _, err := netconf.First(dir + "/none"); !errors.Is(err, netconf.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
	})
}

// What is no regular file must neither be read nor waited for.
func TestForeignFiles(t *testing.T) {
	dir := folder(t, map[string]string{"data/z.conf": pluginOf, "big.conf": strings.Repeat(" ", netconf.MaxSize+1)})
	cnitest.Must(t, os.Mkdir(filepath.Join(dir, "dir.conf"), 0o755))
	cnitest.Must(t, syscall.Mkfifo(filepath.Join(dir, "fifo.conf"), 0o600))
	for link, target := range map[string]string{"gone.conf": "nowhere", "loop.conf": "loop.conf", "null.conf": "/dev/null", "z.conf": "data/z.conf"} {
		cnitest.Must(t, os.Symlink(target, filepath.Join(dir, link)))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, err := netconf.Dir{dir}.Named("net-a")
		if err != nil || got.File != filepath.Join(dir, "z.conf") {
			t.Errorf("found %q, error %v", got.File, err)
		}
		want := []string{
			"big.conf: more than 1048576 bytes", "dir.conf: a regular file is expected, found a directory",
			"fifo.conf: a regular file is expected, found a named pipe", "gone.conf: no such file or directory",
			"loop.conf: too many levels of symbolic links", "null.conf: a regular file is expected, found a device or socket",
		}
		for i, w := range got.Warnings {
			got.Warnings[i] = strings.TrimPrefix(w, "skipped: "+dir+"/")
		}
		if diff := cmp.Diff(want, got.Warnings); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a file is waited for")
	}
}
