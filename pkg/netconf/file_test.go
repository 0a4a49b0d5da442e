package netconf_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
)

func TestFile(t *testing.T) {
	more := map[string]string{"net-a/b.conf": `{"type":"b"}`, "net-a/a.conf": `{"type":"a"}`}
	tests := map[string]struct{ text, types string }{
		"list":                  {listOf, "list a b"},
		"list without plugins":  {`{"name":"net-a"}`, "a b"},
		"empty list":            {`{"name":"net-a","plugins":[]}`, "a b"},
		"inlined plugins only":  {`{"name":"net-a","loadOnlyInlinedPlugins":true,"plugins":[{"type":"x"}]}`, "x"},
		"the same, as a string": {`{"name":"net-a","loadOnlyInlinedPlugins":"True","plugins":[{"type":"x"}]}`, "x"},
		"a lone plugin":         {pluginOf, "plugin"},
		"no such folder":        {strings.ReplaceAll(listOf, "net-a", "net-b"), "list"},
		"a file, no folder":     {strings.ReplaceAll(listOf, "net-a", "x.conf"), "list"},
		"name of no folder":     {strings.ReplaceAll(listOf, "net-a", strings.Repeat("n", 300)), "list"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"x.conf": tt.text}
			for name, text := range more {
				files[name] = text
			}
			path := filepath.Join(folder(t, files), "x.conf")
			got, err := netconf.File(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{path, tt.types}, []string{got.File, types(got.List)}); diff != "" {
				t.Errorf("file and plugins (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFileRefuses(t *testing.T) {
	tests := map[string]struct {
		text string
		want error
	}{
		"inlined plugins only, none there": {`{"name":"net-b","loadOnlyInlinedPlugins":true}`, netconf.ErrNoPlugins},
		"the same, with others at hand":    {`{"name":"net-a","loadOnlyInlinedPlugins":true}`, netconf.ErrNoPlugins},
		"nothing found":                    {`{"name":"net-b","plugins":[]}`, netconf.ErrNoPlugins},
		"no name":                          {`{"type":"x"}`, nil},
		"name that leads elsewhere":        {`{"name":"../net-a","plugins":[{"type":"x"}]}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"x.conf": tt.text, "net-a/a.conf": `{"type":"a"}`})
			got, err := netconf.File(dir + "/x.conf")
			if err == nil {
				t.Fatalf("read as %s", toJSON(t, got.List))
			}
			if !strings.HasPrefix(err.Error(), dir+"/x.conf: ") || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v with the file's name", err, tt.want)
			}
		})
	}
	if _, err := netconf.File("/nowhere/x.conf"); err == nil || err.Error() != "/nowhere/x.conf: no such file or directory" {
		t.Errorf("error %v", err)
	}
}

func TestFileWithTooMuchBesideIt(t *testing.T) {
	t.Run("plugins", func(t *testing.T) {
		files := map[string]string{"x.conflist": listOf}
		for i := range 100 {
			files[fmt.Sprintf("net-a/%d.conf", i)] = `{"type":"a"}`
		}
		if _, err := netconf.File(folder(t, files) + "/x.conflist"); err == nil {
			t.Error("101 plugins accepted")
		}
	})
	t.Run("bytes", func(t *testing.T) {
		half := `{"type":"a","x":"` + strings.Repeat("x", netconf.MaxSize/2) + `"}`
		files := map[string]string{"x.conflist": listOf, "net-a/a.conf": half, "net-a/b.conf": half}
		if _, err := netconf.File(folder(t, files) + "/x.conflist"); err == nil {
			t.Error("more than the most bytes accepted")
		}
	})
}

func TestChain(t *testing.T) {
	dir := folder(t, map[string]string{
		"20.conf": `{"type":"b","name":"x","RuntimeConfig":{}}`, "10.conf": `{"type":"a"}`, "00.conflist": listOf, "00.json": pluginOf,
	})
	got, err := netconf.Chain(dir, "aux", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"cniVersion":"1.0.0","name":"aux","plugins":[{"type":"a"},{"type":"b","name":"x"}]}`
	if diff := cmp.Diff(want, toJSON(t, got.List)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{dir + `: 20.conf (b): reserved key "RuntimeConfig" dropped`}, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestChainRefuses(t *testing.T) {
	good := folder(t, map[string]string{"a.conf": `{"type":"a"}`})
	bad := folder(t, map[string]string{"a.conf": `{"type":"a"}`, "b.conf": `{"type":""}`})
	for folder, none := range map[string]bool{good + "/none": true, t.TempDir(): true, bad: false} {
		if got, err := netconf.Chain(folder, "aux", "1.0.0"); err == nil || errors.Is(err, netconf.ErrNoPlugins) != none {
			t.Errorf("%s: %s, error %v, want ErrNoPlugins: %v", folder, toJSON(t, got.List), err, none)
		}
	}
}
