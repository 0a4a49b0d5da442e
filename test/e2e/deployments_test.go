package e2e_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// foreign defines kinds of those who extend the API, so that the API server takes
// objects of theirs, for this test.
func (n node) foreign(group string, kinds ...string) {
	for _, kind := range kinds {
		plural := strings.ToLower(kind) + "s"
		scope := "Namespaced"
		if group == "security.openshift.io" {
			plural, scope = strings.ToLower(kind), "Cluster"
		}
		n.apply(doc{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": doc{"name": plural + "." + group},
			"spec": doc{"group": group, "scope": scope, "names": doc{"kind": kind, "plural": plural}, "versions": []doc{{
				"name": "v1", "served": true, "storage": true,
				"schema": doc{"openAPIV3Schema": doc{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}})
		n.t.Cleanup(func() { n.kubectl("delete", "crd", plural+"."+group) })
		n.until(kind+" known", func() bool {
			_, err := n.try("", "kubectl", "get", plural+"."+group, "-A")
			return err == nil
		})
	}
}

// TestDeployments: the API server takes every manifest as kubectl renders and sends it.
func TestDeployments(t *testing.T) {
	n := installed(t)
	n.foreign("security.openshift.io", "SecurityContextConstraints")
	n.foreign("monitoring.coreos.com", "PodMonitor", "PrometheusRule")
	sent := [][]string{
		{"-k", "deployments"},
		{"-f", "deployments/multus.yaml"},
		{"-f", "deployments"},
		{"-R", "-f", "deployments/base"},
		{"-R", "-f", "deployments/components"},
		{"-f", "deployments/policies"},
	}
	overlays, err := filepath.Glob(root + "/deployments/overlays/*")
	if err != nil || len(overlays) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	for _, overlay := range overlays {
		sent = append(sent, []string{"-k", strings.TrimPrefix(overlay, root+"/")})
	}
	for _, what := range sent {
		out, err := n.try("", append([]string{"kubectl", "apply", "--server-side", "--force-conflicts", "--dry-run=server"}, what...)...)
		if err != nil || !strings.Contains(out, "serverside-applied") {
			t.Errorf("%q: %v\n%s", what, err, out)
		}
	}
}

// TestRulesOfTheKind: what no pod could use is told to its author.
func TestRulesOfTheKind(t *testing.T) {
	n := installed(t)
	define := func(config string) (string, error) {
		definition := network("ruled", 1)
		definition["spec"] = doc{"config": config}
		data, err := json.Marshal(definition)
		n.must(err)
		return n.try(string(data), "kubectl", "apply", "--dry-run=server", "-f", "-")
	}
	for config, want := range map[string]string{
		"\n {\"type\": \"bridge\"}\n": "created",
		"":                            "created",
		`[{"type": "bridge"}]`:        "one JSON object is expected",
		`{"cniVersion": "1.0.0"}`:     "no plugin is named",
	} {
		if out, _ := define(config); !strings.Contains(out, want) {
			t.Errorf("%q: %s, want %s", config, out, want)
		}
	}
}

// TestNamespaceNetworks: with the example's policy, a namespace's pods get its networks
// unless they ask for others.
func TestNamespaceNetworks(t *testing.T) {
	n := installed(t)
	n.kubectl("apply", "-f", "deployments/policies/namespace-networks.yaml")
	t.Cleanup(func() { n.kubectl("delete", "-f", "deployments/policies/namespace-networks.yaml") })
	n.kubectl("annotate", "namespace", "default", "multus-cni.io/networks=one,default/two@second")
	t.Cleanup(func() { n.kubectl("annotate", "namespace", "default", "multus-cni.io/networks-") })
	asks := func(args ...string) string {
		return n.kubectl(append([]string{"run", "asking", "--image=busybox", "--dry-run=server", "-o", `jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/networks}`}, args...)...)
	}
	n.until("in force", func() bool { return asks() == "one,default/two@second" })
	if got := asks("--annotations=k8s.v1.cni.cncf.io/networks=three"); got != "three" {
		t.Errorf("a pod that asks for three gets %q", got)
	}
	if got := asks(`--overrides={"spec": {"hostNetwork": true}}`); got != "" {
		t.Errorf("a pod on the host's network gets %q", got)
	}
}

// TestOwnNode: with the policy, a token of one node changes nothing of another one's.
func TestOwnNode(t *testing.T) {
	n := installed(t)
	n.start(pod("here", ""))
	elsewhere := pod("there", "")
	elsewhere["spec"].(doc)["nodeName"] = "elsewhere"
	n.apply(elsewhere)
	t.Cleanup(func() { n.kubectl("delete", "pod", "there", "--force", "--grace-period=0") })
	n.kubectl("apply", "-f", "deployments/policies/own-node.yaml")
	t.Cleanup(func() { n.kubectl("delete", "-f", "deployments/policies/own-node.yaml") })
	token := strings.TrimSpace(n.kubectl("create", "token", "multus", "-n", "kube-system", "--bound-object-kind", "Node", "--bound-object-name", n.name))
	// kubectl reads what it is about to patch, which multus does not.
	n.kubectl("create", "clusterrole", "own-node", "--verb=get", "--resource=pods/status")
	n.kubectl("create", "clusterrolebinding", "own-node", "--clusterrole=own-node", "--serviceaccount=kube-system:multus")
	t.Cleanup(func() { n.kubectl("delete", "clusterrole,clusterrolebinding", "own-node") })
	patch := func(pod, token string) string {
		out, err := n.try("", "sh", "-ec", `sed "s/user: {.*}}]/user: {token: $1}}]/" "$KUBECONFIG" >/run/token.kubeconfig
			KUBECONFIG=/run/token.kubeconfig kubectl patch pod "$0" --subresource=status -p '{"metadata": {"annotations": {"own-node": "tried"}}}'`, pod, token)
		if err == nil {
			return "patched"
		}
		return out
	}
	n.until("in force", func() bool { return strings.Contains(patch("there", token), "may change what is on that node alone") })
	if got := patch("here", token); got != "patched" {
		t.Errorf("a pod of the token's node: %s", got)
	}
	unbound := strings.TrimSpace(n.kubectl("create", "token", "multus", "-n", "kube-system"))
	if got := patch("here", unbound); !strings.Contains(got, `multus of node ""`) {
		t.Errorf("with a token of no node: %s", got)
	}
}
