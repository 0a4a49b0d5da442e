package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

// runConvert is the subcommand with the text on standard input.
func runConvert(t *testing.T, text string) (out, complaints string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = commandLine(t.Context(), streams{in: strings.NewReader(text), out: &stdout, err: &stderr}, []string{"convert", "-f", "-"})
	return stdout.String(), stderr.String(), code
}

// older are Network objects of the namespace shop, and a pod that selects some.
func older(annotation string) string {
	const network = "apiVersion: kubernetes.com/v1\nkind: Network\nmetadata: {namespace: shop, name: %s}\nplugin: %s\nargs: '%s'\n---\n"
	var b strings.Builder
	for _, n := range [][2]string{
		{"bare", ``},
		{"object", `{"cniVersion":"0.4.0","big":123456789012345678901234567890,"text":"\u00e9<&>"}`},
		{"list", ` [ {"type":"list-plugin", "deep":{"b":[1,2.50,1e3],"a":null}} ] `},
		{"own.name", `{"name":"another"}`},
		{"ipam", `{"ipam":{"type":"host-local","subnet":"10.0.0.0/8"},"capabilities":{"ips":true}}`},
	} {
		fmt.Fprintf(&b, network, n[0], n[0]+"-plugin", n[1])
	}
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: shop\n  name: web\n  annotations:\n    networks: '%s'\n", annotation)
	return b.String()
}

func TestConvertedPodsGetTheSamePlan(t *testing.T) {
	tests := map[string]struct {
		annotation string
		conf       string // beside legacyNetworks
		interfaces []string
	}{
		"one":             {`[{"name":"bare"}]`, ``, []string{"eth0"}},
		"four, one twice": {`[{"name":"object"},{"name":"list"},{"name":"list"},{"name":"ipam"}]`, ``, []string{"eth0", "net0", "net1", "net2"}},
		"the same first":  {`[{"name":"bare"},{"name":"bare"}]`, ``, []string{"eth0", "net0"}},
		"dotted name":     {`[{"name":"bare"},{"name":"own.name"}]`, ``, []string{"eth0", "net0"}},
		"counted from 1":  {`[{"name":"bare"},{"name":"list"}]`, `,"firstInterfaceIndex":1`, []string{"eth0", "net1"}},
		"fallback":        {`[{"name":"bare"},{"name":"list"}]`, `,"delegates":[{"type":"x"}]`, []string{"eth0", "net0"}},
		"cluster network": {`[{"name":"own.name"},{"name":"list"}]`, `,"clusterNetwork":"x"`, []string{"eth0", "net0"}},
		"isolation":       {`[{"name":"bare"},{"name":"list"}]`, `,"namespaceIsolation":true,"globalNamespaces":[]`, []string{"eth0", "net0"}},
		"nothing":         {`[]`, `,"delegates":[{"type":"x","name":"fallback"}]`, []string{"eth0"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := older(tt.annotation)
			before := planOf(t, text, `,"legacyNetworks":true`+tt.conf)
			converted, complaints, code := runConvert(t, text)
			if code != exitOK || complaints != "" {
				t.Fatalf("exit code %d\n%s", code, complaints)
			}
			if diff := cmp.Diff(before, planOf(t, converted, tt.conf)); diff != "" {
				t.Errorf("the plan changes by conversion:\n%s", diff)
			}
			if diff := cmp.Diff(before, planOf(t, converted, `,"legacyNetworks":true`+tt.conf)); diff != "" {
				t.Errorf("the plan changes by conversion, while legacyNetworks is on:\n%s", diff)
			}
			var interfaces []string
			for _, a := range before {
				interfaces = append(interfaces, a.Interface)
			}
			if diff := cmp.Diff(tt.interfaces, interfaces); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// planOf is the plan for the pod, without the words for people.
func planOf(t *testing.T, text, conf string) []plan.Attachment {
	t.Helper()
	objects, err := manifest.Read(strings.NewReader(text), "-")
	cnitest.Must(t, err)
	parsed, err := config.Parse([]byte(`{"cniVersion":"1.1.0","name":"multus","type":"multus","kubeconfig":"/k"` + conf + `}`))
	cnitest.Must(t, err)
	planner := plan.Planner{Conf: parsed, Definitions: objects}
	made, err := planner.Plan(t.Context(), plan.Sandbox{ContainerID: "c", IfName: "eth0"}, objects.Pods()[0])
	cnitest.Must(t, err)
	for i := range made.Attachments {
		made.Attachments[i].Source, made.Attachments[i].Reason = "", ""
	}
	return made.Attachments
}

// FuzzConvert converts whatever the files hold: what comes of it can be read, and
// holds nothing that is left to convert.
func FuzzConvert(f *testing.F) {
	for _, annotation := range []string{`[{"name":"bare"}]`, `[{"name":"list"},{"name":"none"}]`, `[]`, ``, `a`, `[`, `[{"name":"bare","name":"x"}]`, `[null]`, `{}`} {
		f.Add(older(annotation))
	}
	f.Add("kind: Network\napiVersion: kubernetes.com/v1\nmetadata: {generateName: a-, annotations: {'=': '<<', y: '~'}}\nplugin: \"\\u2028\"\nargs: '{\"a\":\"\\u0000\\ud800\"}'")
	f.Add("kind: Pod\napiVersion: v1\nmetadata: {name: a, annotations: {networks: '[{\"name\":\"b\"}]', n: \"\\x85\\t \\n x\"}}\n1: 0x10\n~: .inf")
	f.Add("kind: Job\napiVersion: batch/v1\nmetadata: {name: a}\nspec: {template: {metadata: {annotations: {networks: '[{\"name\":\"b\"}]'}}}}")
	f.Fuzz(func(t *testing.T, text string) {
		out, complaints, code := runConvert(t, text)
		if out == "" {
			return
		}
		objects, err := manifest.Read(strings.NewReader(out), "-")
		if err != nil || len(objects.Warnings) > 0 {
			t.Fatalf("the output cannot be read: %v %v\n%s", err, objects.Warnings, out)
		}
		for _, o := range objects.All() {
			pod, err := objects.Pod(t.Context(), o.Namespace, o.Name)
			if _, left := pod.Annotations[plan.LegacyNetworksKey]; o.Kind == plan.KindNetwork || err == nil && left {
				t.Errorf("%s is not converted (exit code %d, %s)", o.Subject(), code, complaints)
			}
		}
	})
}
