package pkg_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestLinks: what pages of this repository point to is there, headings included.
func TestLinks(t *testing.T) {
	all := files(t)
	checked := 0
	for file, data := range all {
		if !strings.HasSuffix(file, ".md") {
			continue
		}
		for _, l := range links(string(data)) {
			target, heading, _ := strings.Cut(l.target, "#")
			if strings.Contains(target, "://") || strings.ContainsAny(target, " `\n") {
				continue
			}
			to := file
			if target != "" {
				to = path.Join(path.Dir(file), target)
			}
			checked++
			if !there(all, to) {
				t.Errorf("%s: %s leads to %s, which is not there", file, l.text, to)
			} else if heading != "" && !headings(string(all[to]))[heading] {
				t.Errorf("%s: %s leads to #%s, and %s has no such heading", file, l.text, heading, to)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d links were found", checked)
	}
}

// there tells whether there is such a file or directory.
func there(all map[string][]byte, name string) bool {
	for file := range all {
		if file == name || strings.HasPrefix(file, name+"/") || name == "." {
			return true
		}
	}
	return false
}

// headings are the anchors that GitHub makes of a page's headings.
func headings(page string) map[string]bool {
	anchors := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^#+ +(.+)$`).FindAllStringSubmatch(page, -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(line[1]), "")
		anchors[strings.ReplaceAll(kept, " ", "-")] = true
	}
	return anchors
}
