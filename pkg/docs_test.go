package pkg_test

import (
	"bytes"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		documented[f.pkg] = documented[f.pkg] || f.file.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s: no package comment; say in one sentence what it is for, in doc.go", pkg)
		}
	}
}

func TestEveryExportedNameSaysWhatItIsFor(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") || f.main() {
			continue
		}
		for _, decl := range f.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				checkDoc(t, f, decl.Name, decl.Doc != nil || !exported(decl.Recv))
			case *ast.GenDecl:
				checkDocs(t, f, decl)
			}
		}
	}
}

// checkDocs: one comment serves a whole group of constants or variables, but not of types.
func checkDocs(t *testing.T, f source, decl *ast.GenDecl) {
	t.Helper()
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			checkDoc(t, f, spec.Name, spec.Doc != nil || (decl.Doc != nil && decl.Lparen == token.NoPos))
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				checkDoc(t, f, name, spec.Doc != nil || spec.Comment != nil || decl.Doc != nil)
			}
		}
	}
}

func checkDoc(t *testing.T, f source, name *ast.Ident, documented bool) {
	t.Helper()
	if name.IsExported() && !documented {
		t.Errorf("%s: %s is exported and has no comment; say what it is for", f.at(name), name.Name)
	}
}

// exported tells whether a receiver's type is visible outside; a function's always is.
func exported(recv *ast.FieldList) bool {
	if recv == nil || len(recv.List) == 0 {
		return true
	}
	typ := recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	ident, ok := typ.(*ast.Ident)
	return !ok || ident.IsExported()
}

// The product stands on its own: nothing in it speaks of the place where it was written.
func TestNothingSpeaksOfTheWorkshop(t *testing.T) {
	// In two parts, for this file is searched as well.
	words := []string{"/wo" + "rk/", ".lib" + "rary", "BEHAV" + "IOUR.md", "ARCHI" + "TECTURE.md", "STY" + "LE.md",
		"../sha" + "red", "before" + "-stop", "/fa" + "rm"}
	for path, data := range files(t) {
		if bytes.IndexByte(data, 0) >= 0 {
			continue // somebody's build
		}
		for n, line := range strings.Split(string(data), "\n") {
			for _, word := range words {
				if strings.Contains(line, word) {
					t.Errorf("%s:%d: %q means nothing to those who have the product alone", path, n+1, word)
				}
			}
		}
	}
}
