package main

import (
	"fmt"
	"os"
	"path/filepath"
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
	for _, page := range []string{"README.md", "docs/devices.md", "docs/plugins.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			continue // not every page has to be there
		}
		for i, block := range strings.Split(string(text), "```") {
			yaml, isYAML := strings.CutPrefix(block, "yaml\n")
			if i%2 == 0 || !isYAML || !strings.Contains(yaml, "kind: Pod\n") {
				continue
			}
			path := filepath.Join(t.TempDir(), "block.yaml")
			if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprint(page, " ", i)] = path
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
