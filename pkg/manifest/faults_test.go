package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/fault"
)

// network is a definition whose config begins on line 6 of the file.
func network(config string) string {
	return "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: a}\n" +
		"spec:\n  config: |\n    " + strings.ReplaceAll(config, "\n", "\n    ") + "\n"
}

func pod(metadata string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {" + metadata + "}\n"
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		file, text string
		want       []string // parts of the message
	}{
		"trailing comma": {"x.yaml", network("{\n  \"type\": \"bridge\",\n}"),
			[]string{"x.yaml:7:23: NetworkAttachmentDefinition default/a: spec.config: trailing comma"}},
		"config as a mapping": {"x.yaml", strings.Replace(network("type: bridge"), "|", "", 1),
			[]string{"spec.config: an object where a string is expected", `write "config: |"`}},
		"broken YAML in the second": {"x.yaml", pod("name: a") + "---\nkind: [\n", []string{"x.yaml:5:1: yaml: line 5: "}},
		"key twice": {"x.yaml", pod("name: a") + "---\napiVersion: v1\nkind: Pod\nkind: Pod\n",
			[]string{`x.yaml:7:1: key "kind" is there twice`}},
		"broken JSON":        {"x.json", "{\n\"kind\": 1,\n}", []string{"x.json:2:10: trailing comma"}},
		"name":               {"x.yaml", pod("name: A_b"), []string{`x.yaml:3:18: Pod: metadata.name: "A_b" is no name`}},
		"no name":            {"x.yaml", pod(""), []string{"x.yaml:3:11: Pod: metadata.name: missing"}},
		"namespace":          {"x.yaml", pod("name: a, namespace: ../x"), []string{"metadata.namespace", "is no name"}},
		"no kind":            {"x.yaml", "apiVersion: v1\nmetadata: {name: a}\n", []string{"kind: missing"}},
		"a list":             {"x.yaml", "- a\n", []string{"a list where an object is expected"}},
		"odd hostNetwork":    {"x.yaml", pod("name: a") + "spec: {hostNetwork: 'true'}\n", []string{"x.yaml:4:21: Pod default/a: spec.hostNetwork: a string where true or false is expected"}},
		"odd spec":           {"x.yaml", pod("name: a") + "spec: [hostNetwork]\n", []string{"spec: a list where an object is expected"}},
		"something else":     {"x.json", `{"name":"a","type":"module"}`, []string{"neither a Kubernetes object", "nor a CNI configuration"}},
		"two configurations": {"x.yaml", "{type: multus}\n---\n{type: multus}\n", []string{"the second multus configuration; the first is at", "x.yaml:1:1"}},
		"older network":      {"x.yaml", "apiVersion: kubernetes.com/v1\nkind: Network\nmetadata: {name: a}\nargs: '{}'\n", []string{"Network default/a: plugin"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}

// TestPlaces finds the place of a fault in JSON, whatever the style of its string.
func TestPlaces(t *testing.T) {
	const nad = "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: a}\nspec:\n"
	tests := map[string]struct{ file, text, want string }{
		"literal":             {"x.yaml", nad + "  config: |\n    {\n      \"type\": \"a\" \"b\"\n    }\n", "7:19"},
		"literal, indented":   {"x.yaml", nad + "  config: |2-\n      {\"é\": \"a\" \"b\"}\n", "6:17"},
		"literal, with tag":   {"x.yaml", nad + "  config: &c !!str |\n    {\"type\": \"a\" \"b\"}\n", "6:18"},
		"folded":              {"x.yaml", nad + "  config: >-\n    {\n\n    \"type\": \"a\"\n    \"b\"}\n", "9:5"},
		"single quotes":       {"x.yaml", nad + "  config: '{\n    \"it''s\": \"a''\" \"b\"\n  }'\n", "6:20"},
		"double quotes":       {"x.yaml", nad + "  config: \"{\\\"type\\\": \\\"a\\\"\\n \\x20 \\\"b\\\"}\"\n", "5:36"},
		"double, over lines":  {"x.yaml", nad + "  config: \"{\\\"type\\\": \\\"a\\\" \\\n    \\\"b\\\"}\"\n", "6:5"},
		"flow":                {"x.yaml", strings.TrimSuffix(nad, "\n") + " {config: '{\"type\" \"b\"}'}\n", "4:25"},
		"plain":               {"x.yaml", nad + "  config: no\n    JSON\n", "5:11"},
		"its end":             {"x.yaml", nad + "  config: |\n    {\"type\":\n  \n  other: 1\n", "6:13"},
		"the end, in quotes":  {"x.yaml", nad + "  config: '{\"type\":'\n", "5:20"},
		"an alias":            {"x.yaml", "x: &c '{\"a\" 1}'\n" + nad + "  config: *c\n", "1:13"},
		"the second document": {"x.yaml", "--- # one\n---\n" + nad + "  config: '{\"a\" 1}'\n", "7:17"},
		"JSON":                {"x.json", "{\"apiVersion\": \"k8s.cni.cncf.io/v1\", \"kind\": \"NetworkAttachmentDefinition\",\n\"metadata\": {\"name\": \"a\"},\n\"spec\": {\"config\": \"{\\\"a\\\" 1}\"}}", "3:28"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.text)
			if faults := fault.All(err); len(faults) != 1 || !strings.HasSuffix(faults[0].Place, tt.file+":"+tt.want) {
				t.Errorf("not at %s: %v", tt.want, err)
			}
		})
	}
}

func TestAllFaultsAreTold(t *testing.T) {
	o, err := load(t, "x.yaml", pod("name: A")+"---\n"+pod("name: good")+"---\n{\n---\n"+network("{,}"))
	if len(fault.All(err)) != 3 {
		t.Errorf("three faults expected: %v", err)
	}
	if len(o.Pods()) != 1 || o.Pods()[0].Name != "good" {
		t.Errorf("pods %v", o.Pods())
	}
}

func TestConfigurations(t *testing.T) {
	configMap := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  other: '{{{'\n  conf: |\n    "
	tests := map[string]struct{ file, text, want string }{
		"bare":          {"multus.conf", `{"type":"multus","name":"m"}`, `{"type":"multus","name":"m"}`},
		"list":          {"x.conflist", `{"cniVersion":"1.0.0","name":"m","plugins":[{"type":"multus","delegates":[]}]}`, `{"type":"multus","delegates":[],"cniVersion":"1.0.0","name":"m"}`},
		"in a map":      {"x.yaml", configMap + `{"type":"multus","name":"m"}`, `{"type":"multus","name":"m"}`},
		"as YAML there": {"x.yaml", configMap + "type: multus", `{"type":"multus"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := loaded(t, tt.file, tt.text)
			if got, given := o.Conf(); !given || string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHostileSizes(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 20 {
		name, last := string(rune('b'+i)), "a0"
		if i > 0 {
			last = string(rune('a' + i))
		}
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+last+",", 9) + "]\n"
	}
	tests := map[string]string{
		"aliases":   bomb,
		"depth":     strings.Repeat("[", 20000),
		"documents": strings.Repeat("a\n---\n", maxDocuments+1),
		"size":      strings.Repeat("#", maxFile+1),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			if _, err := load(t, "x.yaml", text); err == nil {
				t.Error("accepted")
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		sample, network("{,}"), network("{\n#"), pod("name: a"), "---", "...\n---", "--- |\n a", "{", "[]", "null", "{}{", "%YAML 1.2",
		`{"kind":"List","apiVersion":"v1","items":[null,1,{"kind":"List","items":{}}]}`,
		`{"kind":"XList","items":[{}]}`, `{"kind":"Pod","apiVersion":"v1","metadata":null,"spec":[]}`,
		"a: &a [*a]", "? {a: b}\n: c", "!!binary x", "{\"type\":\"multus\"", "plugins: [1]", "\xff\xfe", "key: \"\\ud800\"",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '- 1', b: 'type: multus', c: 1}",
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: 1}}",
		"apiVersion: kubernetes.com/v1\nkind: Network\nmetadata: {name: c}\nplugin: x\nargs: '[{}]'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Read(strings.NewReader(text), "-")
		if o == nil {
			t.Fatal("no objects beside the error")
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("an empty error")
		}
		for _, p := range o.Pods() {
			if p.Name == "" || p.Namespace == "" || p.UID == "" {
				t.Errorf("incomplete pod %+v", p)
			}
		}
	})
}

// TestUnreadableFiles: annotations of a pull request, and editors, go by the place.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	loop, large, empty := filepath.Join(dir, "loop.yaml"), filepath.Join(dir, "large.yaml"), filepath.Join(dir, "empty")
	cnitest.Must(t, errors.Join(os.Symlink(loop, loop), os.WriteFile(large, make([]byte, maxFile+1), 0o600), os.Mkdir(empty, 0o700)))
	for path, want := range map[string]string{
		loop:                          "symbolic links",
		large:                         "larger than 4 MiB",
		empty:                         "no *.yaml",
		filepath.Join(dir, "missing"): "no such file",
	} {
		_, err := Load(path)
		if faults := fault.All(err); len(faults) != 1 || faults[0].Place != path || !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%s: faults %+v, want one at the file with %q", path, faults, want)
		}
	}
}
