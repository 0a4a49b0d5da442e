package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestExplainAgrees takes all files that validate is tested with, and have pods,
// through explain: it refuses the same, and nothing else.
func TestExplainAgrees(t *testing.T) {
	archives, err := filepath.Glob("../../pkg/lint/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	sound, faulty := 0, 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".yaml") {
				continue
			}
			file := filepath.Join(t.TempDir(), "file.yaml")
			if err := os.WriteFile(file, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			var validated, explained bytes.Buffer
			run := func(out *bytes.Buffer, command string) int {
				return commandLine(t.Context(), streams{out: out, err: out}, []string{command, "-f", file})
			}
			want, got := run(&validated, "validate"), run(&explained, "explain")
			switch {
			case strings.Contains(explained.String(), "no pods in the files"):
			case got != want:
				t.Errorf("%s, %s: explain ends with %d, validate with %d\n%s\n%s", filepath.Base(path), f.Name, got, want, &explained, &validated)
			case got == exitOK:
				sound++
			default:
				faulty++
			}
		}
	}
	if sound < 50 || faulty < 10 {
		t.Errorf("%d sound files with pods and %d faulty: that proves little", sound, faulty)
	}
}
