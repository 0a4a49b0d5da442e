package thirdparty_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multus-cni/multus/test/thirdparty"
)

// TestPrograms holds the table to what there is: its tests exist, and docs/plugins.md
// tells of each program in its version.
func TestPrograms(t *testing.T) {
	tests := map[string]bool{}
	for dir, prefix := range map[string]string{".": "", "../e2e": "e2e."} {
		for _, name := range testsIn(t, dir) {
			tests[prefix+name] = true
		}
	}
	page, err := os.ReadFile("../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range thirdparty.Programs() {
		for _, name := range p.Tests {
			if !tests[name] {
				t.Errorf("%s: there is no test %s", p.Name, name)
			}
		}
		if !strings.Contains(string(page), p.Version) {
			t.Errorf("docs/plugins.md does not tell of %s %s", p.Name, p.Version)
		}
	}
	mod, err := os.ReadFile("flanneld/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range thirdparty.Programs() {
		if p.Name == "flanneld" && !strings.Contains(string(mod), "flannel-io/flannel "+p.Version+"\n") {
			t.Errorf("flanneld/go.mod does not require flannel %s", p.Version)
		}
	}
}

// testsIn are the names of a package's tests.
func testsIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
