package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testFiles takes every example, and every object with its pods that the pages show,
// through validate, explain and try, on a machine that has little of what they name.
func testFiles(t *testing.T, n machine) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, pattern := range []string{"examples/devices/*", "examples/quickstart", "examples/legacy"} {
		dirs, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(dirs) == 0 {
			t.Fatalf("%s: %v, %v", pattern, dirs, err)
		}
		for _, dir := range dirs {
			files[dir] = dir
		}
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("docs: %v, %v", pages, err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(block[1], "kind: Pod\n") {
				continue
			}
			path := filepath.Join(t.TempDir(), "block.yaml")
			if err := os.WriteFile(path, []byte(block[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprintf("%s, block %d", filepath.Base(page), i+1)] = path
		}
	}
	for name, path := range files {
		for _, command := range []string{"validate", "explain", "try"} {
			if out, code := n.run(t, "${TRY% try} "+command+" -f "+path+" 2>&1"+clean); code != exitOK {
				t.Errorf("multus %s of %s: exit code %d\n%s", command, name, code, out)
			}
		}
	}
}
