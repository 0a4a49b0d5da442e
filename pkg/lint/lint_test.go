package lint

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
)

var update = flag.Bool("update", false, "rewrite what the cases expect")

// findings are the lines that validate would print about a file.
func findings(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	cnitest.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	t.Chdir(dir)
	objects, err := manifest.Load(name)
	var b strings.Builder
	for _, f := range fault.All(err) {
		b.WriteString(f.Error() + "\n")
	}
	for _, f := range Check(t.Context(), objects) {
		if f.Warning {
			b.WriteString("warning: ")
		}
		b.WriteString(f.Error() + "\n")
	}
	return b.String()
}

// TestCases holds what is told of the files in testdata: each file of an archive is
// followed by the lines that it gives. A sound one has none.
func TestCases(t *testing.T) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no cases")
	}
	for _, path := range archives {
		path, _ = filepath.Abs(path)
		archive, err := txtar.ParseFile(path)
		cnitest.Must(t, err)
		want := map[string]string{}
		for _, f := range archive.Files {
			if name, is := strings.CutSuffix(f.Name, ".findings"); is {
				want[name] = string(f.Data)
			}
		}
		made := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".findings") {
				continue
			}
			made.Files = append(made.Files, f)
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+f.Name, func(t *testing.T) {
				got := findings(t, f.Name, string(f.Data))
				if strings.Contains(f.Name, "-sound.") && got != "" {
					t.Errorf("a false alarm: %s", got)
				}
				if got != "" {
					made.Files = append(made.Files, txtar.File{Name: f.Name + ".findings", Data: []byte(got)})
				}
				if diff := cmp.Diff(want[f.Name], got); diff != "" && !*update {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
		if *update {
			cnitest.Must(t, os.WriteFile(path, txtar.Format(made), 0o600))
		}
	}
}
