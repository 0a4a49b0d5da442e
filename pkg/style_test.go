package pkg_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const (
	maxFileLines     = 400
	maxFunctionLines = 60
	maxParameters    = 4
	maxNesting       = 3
)

// vague are names that say nothing of what is in a package.
var vague = []string{"util", "utils", "common", "helper", "helpers", "types", "manager", "misc", "base", "shared", "lib"}

func TestFilesAreShort(t *testing.T) {
	for path, data := range files(t) {
		if n := strings.Count(string(data), "\n"); strings.HasSuffix(path, ".go") && n > maxFileLines {
			t.Errorf("%s has %d lines, %d are allowed; split it by subject", path, n, maxFileLines)
		}
	}
}

func TestFunctionsAreSmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test {
			continue // a table of cases may be long
		}
		f.functions(func(fn *ast.FuncDecl) {
			if n := f.lines(fn); n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, %d are allowed; split it", f.at(fn), fn.Name.Name, n, maxFunctionLines)
			}
			if n := fn.Type.Params.NumFields(); n > maxParameters {
				t.Errorf("%s: %s has %d parameters, %d are allowed; some of them are one thing", f.at(fn), fn.Name.Name, n, maxParameters)
			}
			if fn.Body != nil && nesting(fn.Body) > maxNesting {
				t.Errorf("%s: %s is nested %d deep, %d is allowed; return early or split it", f.at(fn), fn.Name.Name, nesting(fn.Body), maxNesting)
			}
		})
	}
}

// nesting is how deep ifs, loops and switches stand in one another. A chain of
// else ifs is as deep as its first; a function literal begins anew.
func nesting(n ast.Node) int {
	deepest := 0
	ast.Inspect(n, func(child ast.Node) bool {
		if child == n || child == nil {
			return true
		}
		depth := 0
		switch s := child.(type) {
		case *ast.IfStmt:
			depth = max(1+nesting(s.Body), otherwise(s.Else))
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			depth = 1 + nesting(s)
		case *ast.FuncLit:
			depth = nesting(s.Body)
		default:
			return true
		}
		deepest = max(deepest, depth)
		return false
	})
	return deepest
}

func otherwise(s ast.Stmt) int {
	switch s := s.(type) {
	case *ast.BlockStmt:
		return 1 + nesting(s)
	case *ast.IfStmt:
		return max(1+nesting(s.Body), otherwise(s.Else))
	}
	return 0
}

func TestContexts(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		f.functions(func(fn *ast.FuncDecl) {
			for i, field := range fn.Type.Params.List {
				if selector(field.Type) == "context.Context" && i > 0 {
					t.Errorf("%s: %s takes its context late; ctx comes first", f.at(fn), fn.Name.Name)
				}
			}
		})
		ast.Inspect(f.file, func(n ast.Node) bool {
			name := selector(n)
			if (name == "context.Background" || name == "context.TODO") && !f.main() {
				t.Errorf("%s: %s; contexts come from main, and context.WithoutCancel serves undoing", f.at(n), name)
			}
			return true
		})
	}
}

// selector is the text of a selector of two names.
func selector(n ast.Node) string {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + s.Sel.Name
}

func TestNothingHappensAtStart(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		f.functions(func(fn *ast.FuncDecl) {
			if fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init; every start of the plugin pays for it, and nobody sees it called", f.at(fn))
			}
		})
		for _, decl := range f.file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
				checkGlobals(t, f, gen)
			}
		}
	}
}

func checkGlobals(t *testing.T, f source, gen *ast.GenDecl) {
	t.Helper()
	for _, spec := range gen.Specs {
		values := spec.(*ast.ValueSpec)
		for i, name := range values.Names {
			if name.Name != "_" && !embedded(gen, values) && !(i < len(values.Values) && constant(values.Values[i])) {
				t.Errorf("%s: variable %s of a package; it may hold sentinel errors (errors.New) and nothing else: make it a constant or a function", f.at(name), name.Name)
			}
		}
	}
}

// constant tells whether a value is made once and never changes.
func constant(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	return ok && slices.Contains([]string{"errors.New", "fmt.Errorf"}, selector(call.Fun))
}

func embedded(gen *ast.GenDecl, values *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{gen.Doc, values.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

func TestNames(t *testing.T) {
	for _, f := range goFiles(t) {
		if name := f.file.Name.Name; slices.Contains(vague, name) {
			t.Errorf("%s: package %s says nothing of what is in it", f.path, name)
		}
		if f.test || f.pkg == "test/devices" { // which has the names of the kubelet's API
			continue
		}
		f.functions(func(fn *ast.FuncDecl) {
			if rest, get := strings.CutPrefix(fn.Name.Name, "Get"); get && rest != "" && unicode.IsUpper(rune(rest[0])) {
				t.Errorf("%s: %s; call it %s", f.at(fn), fn.Name.Name, rest)
			}
		})
	}
}

func TestErrorsAreNounPhrases(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				checkError(t, f, call)
			}
			return true
		})
	}
}

func checkError(t *testing.T, f source, call *ast.CallExpr) {
	t.Helper()
	if ident, ok := call.Fun.(*ast.Ident); ok && ident.Name == "panic" {
		t.Errorf("%s: panic; return an error", f.at(call))
	}
	if name := selector(call.Fun); (name != "errors.New" && name != "fmt.Errorf") || len(call.Args) == 0 {
		return
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return
	}
	text, _ := strconv.Unquote(literal.Value) // the parser accepted it
	if strings.Contains(strings.ToLower(text), "failed to") {
		t.Errorf("%s: %q; name what and for whom, as a noun phrase", f.at(call), text)
	}
	if strings.HasSuffix(text, ".") || capital(text) {
		t.Errorf("%s: %q; no capital, no full stop: it stands in the middle of a longer text", f.at(call), text)
	}
}

// capital tells whether a text begins like a sentence. CNI and Kubernetes' kinds are names.
func capital(text string) bool {
	first, n := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[n:])
	word, _, _ := strings.Cut(text, " ")
	names := []string{"Pod", "NetworkAttachmentDefinition", "Network", "Secret", "ConfigMap", "Multus", "Kubernetes", "Linux"}
	return unicode.IsUpper(first) && unicode.IsLower(second) && !slices.Contains(names, strings.TrimRight(word, ":,"))
}

func TestLaterIsSomewhereWrittenDown(t *testing.T) {
	mark := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	reference := regexp.MustCompile(`#\d+|https?://`)
	for _, f := range goFiles(t) {
		for _, group := range f.file.Comments {
			for _, comment := range group.List {
				if mark.MatchString(comment.Text) && !reference.MatchString(comment.Text) {
					t.Errorf("%s: %s; name the issue that will end it, or do it now", f.at(comment), comment.Text)
				}
			}
		}
	}
}
