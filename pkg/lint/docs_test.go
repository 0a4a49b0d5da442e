package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestPages: no object or configuration of multus that a page shows has a fault.
// Networks that a page does not show are warned of, which is no matter.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	cnitest.Must(t, err)
	texts := map[string]string{}
	for _, path := range append(pages, "../../README.md") {
		data, err := os.ReadFile(path)
		cnitest.Must(t, err)
		for i, block := range strings.Split(string(data), "```") {
			if text, is := shown(block); is && i%2 == 1 {
				texts[fmt.Sprintf("%s, block %d", filepath.Base(path), i/2+1)] = text
			}
		}
	}
	if len(texts) < 15 {
		t.Fatalf("only %d blocks were found", len(texts))
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			for line := range strings.Lines(findings(t, "page.yaml", text)) {
				if !strings.HasPrefix(line, "warning: ") {
					t.Errorf("%s\n%s", line, text)
				}
			}
		})
	}
}

// shown is what a fenced block shows, where that is objects or a configuration.
func shown(block string) (string, bool) {
	language, text, _ := strings.Cut(block, "\n")
	switch language {
	case "yaml":
		return text, strings.Contains(text, "\nkind: ")
	case "json":
		return text, strings.Contains(text, `"type": "multus"`)
	}
	return "", false
}
