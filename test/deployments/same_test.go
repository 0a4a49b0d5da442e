package deployments_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var update = flag.Bool("update", false, "write deployments/multus.yaml and the chart's copies")

// rule is what comes before the alerts of deployments/monitoring, which are its spec.
const rule = `# The alerts of deployments/monitoring for the Prometheus operator.
# Not to be edited: go -C test/deployments test . -update
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: multus
  namespace: kube-system
  labels:
    app.kubernetes.io/name: multus
spec:
`

const header = `# multus, whole, for kubectl apply -f: rendered from the directories beside it, which
# say why (kubectl apply -k deployments is the same). Other directories than
# /etc/cni/net.d and /opt/cni/bin: kubectl apply -k deployments/overlays/NAME.
# Not to be edited: go -C test/deployments test . -update
`

// TestRendered: what lies there rendered is what would be rendered.
func TestRendered(t *testing.T) {
	alerts := read(t, deployments+"/monitoring/rules.yaml")
	copies := map[string][]byte{
		deployments + "/multus.yaml":                         append([]byte(header), built(t, deployments)...),
		deployments + "/base/monitoring/prometheusrule.yaml": indented(rule, alerts),
	}
	for to, from := range map[string]string{
		"rules.yaml":                          "monitoring/rules.yaml",
		"network-attachment-definitions.yaml": "base/crd/network-attachment-definitions.yaml",
		"networks.kubernetes.com.yaml":        "components/legacy/networks.kubernetes.com.yaml",
	} {
		copies[deployments+"/chart/files/"+to] = read(t, deployments+"/"+from)
	}
	for path, want := range copies {
		got, err := os.ReadFile(path)
		if err == nil && bytes.Equal(got, want) {
			continue
		}
		if !*update {
			t.Errorf("%s is not what it is rendered from (%v); go -C test/deployments test . -update", path, err)
			continue
		}
		must(t, os.WriteFile(path, want, 0o644))
	}
}

func indented(head string, text []byte) []byte {
	out := []byte(head)
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			out = append(out, "  "...)
		}
		out = append(out, line...)
	}
	return out
}

// TestChartIsTheSame: helm and kustomize make the same objects, whatever is chosen.
func TestChartIsTheSame(t *testing.T) {
	type values = map[string]any
	type choice struct {
		kustomized []byte
		values     values
	}
	choices := map[string]choice{
		"bare":          {with(t), values{"repair": "off"}},
		"repair-delete": {with(t, "repair-delete"), values{"repair": "delete"}},
		"taint":         {with(t, "repair", "taint"), values{"taint": "multus-cni.io/not-ready"}},
		"monitoring":    {with(t, "repair", "monitoring"), values{"monitoring": true}},
		"devices":       {with(t, "repair", "devices"), values{"devices": true}},
	}
	for _, name := range overlays(t) {
		v := values{"distribution": name}
		if name == "legacy" {
			v = values{"legacyNetworks": true}
		}
		choices[name] = choice{built(t, deployments+"/overlays/"+name), v}
	}
	for name, c := range choices {
		t.Run(name, func(t *testing.T) {
			rendered, err := templated(c.values)
			must(t, err)
			chart := objects(t, rendered)
			for _, o := range chart {
				unkept(o)
			}
			if diff := cmp.Diff(objects(t, c.kustomized), chart); diff != "" {
				t.Errorf("kustomize (-) and the chart (+) differ:\n%s", diff)
			}
		})
	}
}

// unkept takes away what only helm reads: that kinds stay when the chart goes.
func unkept(o *unstructured.Unstructured) {
	annotations := o.GetAnnotations()
	maps.DeleteFunc(annotations, func(key, _ string) bool { return key == "helm.sh/resource-policy" })
	if len(annotations) == 0 {
		annotations = nil
	}
	o.SetAnnotations(annotations)
}

// TestChartRefuses: what is no value is an error, and not a node without multus.
func TestChartRefuses(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"distribution":         {"distribution": "windows"},
		"repair":               {"repair": true}, // off, without quotes
		"a typing slip":        {"repiar": "event"},
		"a relative directory": {"cniConfDir": "etc/cni/net.d"},
	} {
		if _, err := templated(values); err == nil {
			t.Errorf("%s: %v is taken", name, values)
		}
	}
}
