package pkg_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the module.
type source struct {
	path string // from the module's root
	pkg  string // its folder
	test bool   // a test, or of a package that only tests use
	file *ast.File
	fset *token.FileSet
}

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser accepted it
		paths = append(paths, path)
	}
	return paths
}

// at is where something stands, as an editor understands it.
func (s source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// lines is how many lines something takes.
func (s source) lines(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// main tells whether a file is part of a command.
func (s source) main() bool { return s.file.Name.Name == "main" }

func goFiles(t *testing.T) []source {
	t.Helper()
	var all []source
	for path, data := range files(t) {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, data, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.Dir(path)
		test := strings.HasSuffix(path, "_test.go") || pkg == "pkg/cnitest"
		all = append(all, source{path: path, pkg: pkg, test: test, file: file, fset: fset})
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files were found", len(all))
	}
	return all
}

// functions calls do for every function that a file declares.
func (s source) functions(do func(*ast.FuncDecl)) {
	for _, decl := range s.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			do(fn)
		}
	}
}

// files is every file of the repository, but for what .gitignore names.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	root := os.DirFS("..")
	all := map[string][]byte{}
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == ".git" || path == "bin" || path == ".cache" {
			return skip(entry)
		}
		if !entry.Type().IsRegular() || strings.HasSuffix(path, ".test") || strings.HasSuffix(path, ".out") {
			return nil
		}
		all[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// skip: .git is a file where the checkout is one of several work trees.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}
