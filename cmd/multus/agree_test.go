package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// validated writes all files that validate is tested with to a directory.
func validated(t *testing.T) (dir string, files []string) {
	t.Helper()
	archives, err := filepath.Glob("../../pkg/lint/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	dir = t.TempDir()
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".yaml") {
				continue
			}
			file := filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), "txtar")+f.Name)
			if err := os.WriteFile(file, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	return dir, files
}

// TestExplainAgrees takes all files that validate is tested with, and have pods,
// through explain: it refuses the same, and nothing else.
func TestExplainAgrees(t *testing.T) {
	sound, faulty := 0, 0
	_, files := validated(t)
	for _, file := range files {
		var checked, explained bytes.Buffer
		run := func(out *bytes.Buffer, command string) int {
			return commandLine(t.Context(), streams{out: out, err: out}, []string{command, "-f", file})
		}
		want, got := run(&checked, "validate"), run(&explained, "explain")
		switch {
		case strings.Contains(explained.String(), "no pods in the files"):
		case got != want:
			t.Errorf("%s: explain ends with %d, validate with %d\n%s\n%s", filepath.Base(file), got, want, &explained, &checked)
		case got == exitOK:
			sound++
		default:
			faulty++
		}
	}
	if sound < 50 || faulty < 10 {
		t.Errorf("%d sound files with pods and %d faulty: that proves little", sound, faulty)
	}
}

// testFaultyFiles has try refuse what explain and validate refuse.
func testFaultyFiles(t *testing.T, n machine) {
	dir, _ := validated(t)
	out, _ := n.run(t, `refused=0
		for f in `+dir+`/*.yaml; do
			${TRY% try} explain -f $f >/run/explained 2>&1 && continue
			grep -q "no pods in the files" /run/explained && continue
			if $TRY -f $f >/run/tried 2>&1; then echo "$f: try passes"; cat /run/explained; else refused=$((refused+1)); fi
		done
		[ $refused -ge 10 ] || echo "$refused refused: that proves little"`+clean)
	if out != "--- the node thereafter\n" {
		t.Error(out)
	}
}
