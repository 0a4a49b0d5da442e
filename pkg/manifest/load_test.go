package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const sample = `# a comment before all
---
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: net-a
  annotations:
    k8s.v1.cni.cncf.io/resourceName: intel.com/vf
spec:
  config: |
    {"cniVersion": "1.0.0", "type": "bridge", "big": 9007199254740993}
--- # another
apiVersion: v1
kind: Pod
metadata:
  name: first
  namespace: lab
  annotations:
    k8s.v1.cni.cncf.io/networks: default/net-a
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      annotations: {k8s.v1.cni.cncf.io/networks: net-a}
---
apiVersion: v1
kind: Pod
metadata: {name: on-host}
spec: {hostNetwork: true}
...
---
apiVersion: kubernetes.com/v1
kind: Network
metadata: {name: old}
plugin: bridge
args: '[{"bridge": "cni9"}]'
---
apiVersion: v1
kind: Service
metadata: {name: s}
---
cniVersion: 1.1.0
name: multus-net
type: multus
kubeconfig: /etc/x
`

// load loads text as a file of that name.
func load(t *testing.T, name, text string) (*Objects, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	cnitest.Must(t, os.WriteFile(file, []byte(text), 0o600))
	return Load(file)
}

// loaded loads text that has no fault.
func loaded(t *testing.T, name, text string) *Objects {
	t.Helper()
	o, err := load(t, name, text)
	cnitest.Must(t, err)
	return o
}

func TestLoad(t *testing.T) {
	o := loaded(t, "all.yaml", sample)
	var pods []string
	for _, p := range o.Pods() {
		pods = append(pods, p.String()+" "+p.Annotations["k8s.v1.cni.cncf.io/networks"])
	}
	if diff := cmp.Diff([]string{"lab/first default/net-a", "default/web net-a"}, pods); diff != "" {
		t.Error(diff)
	}
	conf, given := o.Conf()
	want := `{"cniVersion":"1.1.0","kubeconfig":"/etc/x","name":"multus-net","type":"multus"}`
	if !given || string(conf) != want {
		t.Errorf("configuration %s, want %s", conf, want)
	}
	if len(o.Warnings) != 2 || !strings.Contains(o.Warnings[0], "hostNetwork") ||
		o.Warnings[1] != "left out, being no pods and no networks: Service (1)" {
		t.Errorf("warnings %q", o.Warnings)
	}
	var kinds []string
	for _, object := range o.All() {
		kinds = append(kinds, object.Kind)
	}
	if diff := cmp.Diff([]string{plan.KindNAD, "Pod", "Deployment", "Network", ""}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestDefinitions(t *testing.T) {
	o := loaded(t, "all.yaml", sample)
	a, typo := plan.Ref{Namespace: "default", Name: "net-a"}, plan.Ref{Namespace: "default", Name: "net-aa"}
	got := o.Definitions(context.Background(), plan.KindNAD, []plan.Ref{a, typo})
	want := plan.Definition{
		Config:   `{"cniVersion": "1.0.0", "type": "bridge", "big": 9007199254740993}` + "\n",
		Resource: "intel.com/vf",
	}
	if diff := cmp.Diff(want, got[a].Definition); diff != "" {
		t.Error(diff)
	}
	if err := got[typo].Err; !errors.Is(err, plan.ErrNotFound) || !strings.Contains(err.Error(), "did you mean default/net-a?") {
		t.Errorf("answer to a typing error: %v", err)
	}
	old := plan.Ref{Namespace: "default", Name: "old"}
	older := o.Definitions(context.Background(), plan.KindNetwork, []plan.Ref{old, a})
	if got := older[old].Definition.Config; got != `{"type":"bridge","bridge":"cni9"}` {
		t.Errorf("older network %s", got)
	}
	if !errors.Is(older[a].Err, plan.ErrNotFound) {
		t.Errorf("a definition among the older networks: %v", older[a].Err)
	}
}

func TestCluster(t *testing.T) {
	ctx := context.Background()
	o := loaded(t, "all.yaml", sample)
	pod, err := o.Pod(ctx, "lab", "first")
	if err != nil || pod.UID == "" {
		t.Fatalf("pod %+v, %v", pod, err)
	}
	if again := loaded(t, "again.yaml", sample); again.Pods()[0].UID != pod.UID {
		t.Error("the made-up UID differs between two readings")
	}
	if _, err := o.Pod(ctx, "default", "first"); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("missing pod: %v", err)
	}
	if err := errors.Join(o.Check(), o.Publish(ctx, pod, []byte("[]"), "event")); err != nil {
		t.Error(err)
	}
}

func TestForms(t *testing.T) {
	nad := `{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"%"}}`
	bare := `{"metadata":{"name":"%"}}`
	named := func(form, name string) string { return strings.Replace(form, "%", name, 1) }
	typed := `{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinitionList","items":[`
	tests := map[string]struct {
		file, text string
		want       []string
	}{
		"two JSON values": {"x.json", named(nad, "a") + "\n" + named(nad, "b"), []string{"a", "b"}},
		"list":            {"x.json", `{"apiVersion":"v1","kind":"List","items":[` + named(nad, "a") + `]}`, []string{"a"}},
		"typed list":      {"x.json", typed + named(bare, "a") + "," + named(bare, "b") + `]}`, []string{"a", "b"}},
		"JSON in YAML":    {"x.yaml", named(nad, "a") + "\n---\n" + named(nad, "b"), []string{"a", "b"}},
		"flow YAML":       {"x.yaml", "{apiVersion: k8s.cni.cncf.io/v1, kind: NetworkAttachmentDefinition, metadata: {name: a},}", []string{"a"}},
		"byte order mark": {"x.yaml", "\xef\xbb\xbf%YAML 1.1\n---\n" + named(nad, "a"), []string{"a"}},
		"carriage return": {"x.yaml", named(nad, "a") + "\r\n---\r\n" + named(nad, "b") + "\r\n", []string{"a", "b"}},
		"merged":          {"x.yaml", "x: &m {name: a}\napiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {<<: *m, labels: {}}", []string{"a"}},
		"escapes of JSON": {"x.yaml", "---\n" + strings.Replace(named(nad, "a"), "{", `{"x":"\ud83d\ude00",`, 1), []string{"a"}},
		"on a marker":     {"x.yaml", "--- " + named(nad, "a"), []string{"a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := loaded(t, tt.file, tt.text)
			var got []string
			for _, object := range o.All() {
				got = append(got, object.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDirectories reads what is of use in directories, and says what is not.
func TestDirectories(t *testing.T) {
	dir := t.TempDir()
	pod := func(name string) string { return pod("name: " + name) }
	for file, text := range map[string]string{
		"b.yml": pod("b"), "a.yaml": pod("a"), "c.txt": "{{{", "deep/er/c.json": `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}`,
		".git/x.yaml": "{{{", ".ci.yml": "[", "tools.yaml": "- run: multus", "values.yaml": "image: {name: x}", "tsconfig.json": "{ // no\n}", "empty.yaml": "# nothing\n", "nginx.conf": "worker 1;",
		"chart/Chart.yaml": "apiVersion: v2\nname: x\n", "chart/templates/t.yaml": "{{ if }}", "loose.yaml": "kind: {{ .Values.kind }}\nname: {{ .x }}-y\n",
		"base/d.yaml": pod("d"), "overlay/d.yaml": pod("d"), "k/kustomization.yaml": "kind: Kustomization\napiVersion: x/v1\n", "k/e.yaml": pod("e"), "k/patch.yaml": pod("e"),
		"a/multus.conf": `{"type":"multus","name":"a"}`, "b/multus.conf": `{"type":"multus","name":"b"}`,
		"net.d/10-br.conflist": `{"cniVersion":"1.0.0","name":"br","plugins":[{"type":"bridge"}]}`,
	} {
		path := filepath.Join(dir, file)
		cnitest.Must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)))
	}
	cnitest.Must(t, syscall.Mkfifo(filepath.Join(dir, "z.yaml"), 0o600))
	o, err := Read(strings.NewReader(pod("in")), dir, "-")
	cnitest.Must(t, err)
	var got []string
	for _, object := range o.All() {
		got = append(got, object.Subject())
	}
	want := []string{
		"multus configuration", "Pod default/a", "multus configuration", "Pod default/b", "Pod default/d", "Pod default/c",
		"Pod default/e", "Pod default/e", "CNI configuration br", "Pod default/d", "Pod default/in",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var notes []string
	for _, note := range o.Warnings {
		file, what, _ := strings.Cut(strings.TrimPrefix(note, dir+"/"), ": left out: ")
		file, _, _ = strings.Cut(file, ":")
		notes = append(notes, file+": "+what[:min(10, len(what))])
	}
	want = []string{
		"chart/Chart.yaml: kind: miss", "chart/templates: templates ", "empty.yaml: nothing in",
		"loose.yaml: a template", "nginx.conf: a JSON obj", "tools.yaml: a list whe", "tsconfig.json: comments a", "values.yaml: neither a ", "z.yaml: a regular ",
		"left out, being no pods and no networks: ",
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
	older := t.TempDir()
	cnitest.Must(t, os.WriteFile(filepath.Join(older, "older.yaml"), []byte("apiVersion: kubernetes.com/v1\nkind: Network\nmetadata: {name: a}\nplugin: bridge\nargs: '[{},{}]'\n"), 0o600))
	if _, err := Load(older); err == nil || !strings.Contains(err.Error(), "args: a list of 2") {
		t.Errorf("a broken Network object in a directory: %v", err)
	}
	for _, none := range [][]string{{t.TempDir()}, {}} {
		if _, err := Load(none...); err == nil {
			t.Errorf("%q: accepted without a file", none)
		}
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "values.yaml")); err == nil {
		t.Error("a file that was named and is something else was accepted")
	}
}
