package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         string   // numbers: passed failed skipped
		says         []string // in the output
		hides        string   // not in the output
	}{
		{"passes", `func TestA(t *testing.T) { t.Log("chatter") }; func TestB(t *testing.T) {}`, "2 0 0", []string{"ok "}, "chatter"},
		{"subtests count, not what holds them", `func TestA(t *testing.T) { t.Run("x", func(t *testing.T) {}); t.Run("y", func(t *testing.T) {}) }`, "2 0 0", nil, "FAIL"},
		{"one subtest fails", `func TestA(t *testing.T) { t.Run("x", func(t *testing.T) { t.Error("boom") }); t.Run("y", func(t *testing.T) {}) }`,
			"1 1 0", []string{"boom", "FAIL  sample TestA/x", "1 passed, 1 failed"}, "FAIL  sample TestA\n"},
		{"the test around its subtests fails", `func TestA(t *testing.T) { t.Run("x", func(t *testing.T) {}); t.Error("after") }`, "1 1 0", []string{"after", "FAIL  sample TestA\n"}, ""},
		{"skips say why", `func TestA(t *testing.T) { t.Skip("needs root") }`, "0 0 1", []string{"skip  sample TestA: needs root"}, ""},
		{"does not compile", `func TestA(t *testing.T) { nonsense() }`, "0 1 0", []string{"undefined: nonsense", "FAIL  sample"}, ""},
		{"panics", `func TestA(t *testing.T) { panic("aargh") }`, "0 1 0", []string{"aargh", "FAIL  sample"}, ""},
		{"exits", `func TestA(t *testing.T) { os.Exit(0) }; var _ = os.Args`, "0 1 0", []string{"FAIL  sample"}, ""},
		{"no tests", ``, "0 0 0", nil, "sample"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			sum := newTally(&out)
			if err := sum.read(strings.NewReader(goTest(t, test.source))); err != nil {
				t.Fatal(err)
			}
			counts := filepath.Join(t.TempDir(), "counts")
			if err := sum.save(counts); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(counts); err != nil || string(got) != test.want+"\n" {
				t.Errorf("counted %q, %v; want %q\n%s", got, err, test.want, &out)
			}
			for _, text := range test.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is not in:\n%s", text, &out)
				}
			}
			if test.hides != "" && strings.Contains(out.String(), test.hides) {
				t.Errorf("%q is in:\n%s", test.hides, &out)
			}
		})
	}
}

// goTest is what the real `go test -json` tells of a package with these tests.
func goTest(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	imports := "import \"testing\"\n"
	if strings.Contains(source, "os.") {
		imports += "import \"os\"\n"
	}
	if source == "" {
		imports = ""
	}
	for name, text := range map[string]string{
		"go.mod":         "module sample\n",
		"sample.go":      "package sample\n",
		"sample_test.go": "package sample\n" + imports + source + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "-vet=off", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(out)
}
