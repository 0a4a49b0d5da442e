package pkg_test

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const conformance = "docs/conformance.md"

// conformanceItems are how many items each group of the table has.
func conformanceItems() []int {
	return []int{6, 13, 23, 6, 4, 9, 18, 9, 10, 5, 8, 12, 4, 3, 2, 3, 2, 2, 3, 0, 13, 6, 10, 6, 14, 4, 5, 5, 12, 5, 2, 4}
}

// wantedItems are all items, in order: A1.01 and so on, then B1.01.
func wantedItems() []string {
	const groupsOfA = 20
	var items []string
	for i, n := range conformanceItems() {
		group := "A" + strconv.Itoa(i+1)
		if i >= groupsOfA {
			group = "B" + strconv.Itoa(i+1-groupsOfA)
		}
		for item := 1; item <= n; item++ {
			number := strconv.Itoa(item)
			items = append(items, group+"."+strings.Repeat("0", 2-len(number))+number)
		}
	}
	return items
}

// TestConformance: no item is missing, none is covered by a test that does not
// exist, and none is left out without a word.
func TestConformance(t *testing.T) {
	all := files(t)
	var items []string
	for line := range strings.SplitSeq(string(all[conformance]), "\n") {
		cells := strings.Split(line, " | ")
		item := strings.TrimPrefix(cells[0], "| ")
		if len(cells) < 4 || !strings.ContainsAny(item, "0123456789") {
			continue
		}
		items = append(items, item)
		status := cells[2]
		tests := strings.FieldsFunc(strings.TrimSuffix(cells[3], "|"), func(r rune) bool { return r == ',' })
		switch {
		case status == "covered" && len(tests) == 0:
			t.Errorf("%s: covered, and no test is named", item)
		case status == "covered":
		case !strings.HasPrefix(status, "not applicable: ") && !strings.HasPrefix(status, "not covered yet: "):
			t.Errorf("%s: status %q; covered, or not applicable or not covered yet, and why", item, status)
		}
		for _, test := range tests {
			if test = strings.TrimSpace(test); test != "" && !namesTest(all, test) {
				t.Errorf("%s: there is no %s", item, test)
			}
		}
	}
	if want := wantedItems(); !slices.Equal(items, want) {
		t.Errorf("items\n%v\nwant\n%v", items, want)
	}
}

// namesTest tells whether there is such a scenario, script or test of a package.
func namesTest(all map[string][]byte, name string) bool {
	if kind, file, isFile := strings.Cut(name, " "); isFile {
		_, exists := all[map[string]string{"scenario": "pkg/plan/testdata/", "script": "cmd/multus/testdata/script/"}[kind]+file+".txtar"]
		return exists
	}
	pkg, test, _ := strings.Cut(name, ".")
	dir, special := map[string]string{"pkg": "pkg", "plugins": "test/plugins", "faults": "test/faults"}[pkg]
	if !special {
		dir = "pkg/" + pkg
	}
	for file, data := range all {
		if path.Dir(file) == dir && strings.HasSuffix(file, "_test.go") && strings.Contains(string(data), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}

// TestSecurity: what the threat model calls tested is.
func TestSecurity(t *testing.T) {
	all := files(t)
	tests := 0
	for _, l := range links(string(all["docs/security.md"])) {
		if strings.HasSuffix(l.target, ".go") || strings.HasSuffix(l.target, ".txtar") {
			tests++
			checkTestExists(t, "security", l, all)
		}
	}
	if tests < 30 {
		t.Errorf("%d tests are named", tests)
	}
}

// link is a link of Markdown.
type link struct{ text, target string }

func links(text string) []link {
	var found []link
	for {
		_, rest, open := strings.Cut(text, "[")
		name, rest, closed := strings.Cut(rest, "](")
		target, rest, ended := strings.Cut(rest, ")")
		if !open || !closed || !ended {
			return found
		}
		found = append(found, link{name, target})
		text = rest
	}
}

func checkTestExists(t *testing.T, item string, l link, all map[string][]byte) {
	t.Helper()
	file := path.Join(path.Dir(conformance), l.target)
	data, exists := all[file]
	_, test, isGo := strings.Cut(l.text, ".")
	switch {
	case !exists:
		t.Errorf("%s: %s: there is no file %s", item, l.text, file)
	case isGo && !strings.Contains(string(data), "\nfunc "+test+"("):
		t.Errorf("%s: there is no %s in %s", item, test, file)
	case !isGo && !strings.HasSuffix(file, ".txtar"):
		t.Errorf("%s: %s leads to %s, which is no script and no scenario", item, l.text, file)
	}
}

// TestConformanceCRD: the manifest is the multi-network specification's (3.1), for
// the API of today, and takes objects that have no more than metadata.
func TestConformanceCRD(t *testing.T) {
	var crd struct {
		APIVersion string
		Metadata   struct{ Name string }
		Spec       struct {
			Group, Scope string
			Names        struct {
				Kind, Plural, Singular string
				ShortNames             []string
			}
			Versions []struct {
				Name            string
				Served, Storage bool
				Schema          struct{ OpenAPIV3Schema schema }
			}
		}
	}
	if err := yaml.Unmarshal(files(t)["deployments/base/crd/network-attachment-definitions.yaml"], &crd); err != nil {
		t.Fatal(err)
	}
	names := crd.Spec.Names
	got := []string{crd.APIVersion, crd.Metadata.Name, crd.Spec.Group, crd.Spec.Scope, names.Kind, names.Plural, names.Singular, strings.Join(names.ShortNames, ",")}
	want := []string{"apiextensions.k8s.io/v1", "network-attachment-definitions.k8s.cni.cncf.io", "k8s.cni.cncf.io", "Namespaced",
		"NetworkAttachmentDefinition", "network-attachment-definitions", "network-attachment-definition", "nad,net-attach-def"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if len(crd.Spec.Versions) != 1 || crd.Spec.Versions[0].Name != "v1" || !crd.Spec.Versions[0].Served || !crd.Spec.Versions[0].Storage {
		t.Fatalf("versions %+v, want v1 alone, served and stored", crd.Spec.Versions)
	}
	root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	spec := root.Properties["spec"]
	config := spec.Properties["config"]
	if root.Type != "object" || spec.Type != "object" || config.Type != "string" || len(root.Required)+len(spec.Required) > 0 {
		t.Errorf("schema %+v, want spec an object and spec.config a string, neither required", root)
	}
}

type schema struct {
	Type       string
	Required   []string
	Properties map[string]schema
}
