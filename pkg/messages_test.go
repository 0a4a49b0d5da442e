package pkg_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// refusing are the packages whose words reach who looks at a pod that does not start.
var refusing = []string{
	"name", "regular", "rawjson", "netconf", "config", "plan", "kube", "kubelet", "rpc", "state", "delegate", "multus",
}

// elsewhere are texts that are no refusals: they say where a network comes from, or
// are logged.
var elsewhere = []string{
	"delegates of the configuration", "named in the annotation", "networks left alone: what live sandboxes hold cannot be read",
}

// quiet are functions that log, or make something else of text than an error.
var quiet = regexp.MustCompile(`^(Warn|Info|Error|Debug|warn|notice|MustCompile|WithField)$`)

// verb is what a message fills in; the page writes … for it.
var verb = regexp.MustCompile(`%[-.0-9]*[a-zA-Z]|%\[\d\][a-z]`)

// TestEveryRefusalIsExplained holds docs/troubleshooting.md against the code: the
// page has each message of four words or more that a command can end with, and
// quotes none that no command says.
func TestEveryRefusalIsExplained(t *testing.T) {
	page, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(strings.Fields(strings.ReplaceAll(string(page), `\|`, "|")), " ")
	var said strings.Builder
	for _, pkg := range refusing {
		for _, text := range messages(t, pkg) {
			for _, part := range verb.Split(text, -1) {
				said.WriteString(part + "\n")
				part = strings.Trim(strings.ReplaceAll(part, "%%", "%"), " ,;:(\n")
				if strings.Count(part, " ") >= 3 && !strings.Contains(told, part) && !slices.Contains(elsewhere, part) {
					t.Errorf("pkg/%s says %q, which docs/troubleshooting.md does not explain", pkg, part)
				}
			}
		}
	}
	for _, quoted := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		for _, part := range strings.Split(strings.ReplaceAll(quoted[1], `\|`, "|"), "…") {
			part = strings.Trim(part, " ,;:()")
			if strings.Count(part, " ") >= 3 && !strings.Contains(said.String(), part) {
				t.Errorf("docs/troubleshooting.md quotes %q, which nothing says", part)
			}
		}
	}
}

// messages are the texts of a package that are neither logged nor tests'.
func messages(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("package %s: %v, %v", pkg, files, err)
	}
	var texts []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && quiet.MatchString(called(call)) {
				return false
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					texts = append(texts, text)
				}
			}
			return true
		})
	}
	return texts
}

// called is the last name of what a call calls.
func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.SelectorExpr:
		return fun.Sel.Name
	case *ast.Ident:
		return fun.Name
	}
	return ""
}
