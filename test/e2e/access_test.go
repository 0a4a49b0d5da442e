package e2e_test

import (
	"strings"
	"testing"
)

// rules replaces the rules of multus's role by those that are kept, for this test.
func (n node) rules(without string) {
	n.t.Helper()
	n.t.Cleanup(func() { n.kubectl("apply", "-f", "deployments/base/rbac") })
	index := -1
	for i, resources := range strings.Split(n.kubectl("get", "clusterrole", "multus", "-o", `jsonpath={range .rules[*]}{.resources[*]}{"\n"}{end}`), "\n") {
		if resources == without {
			index = i
		}
	}
	if index < 0 {
		n.t.Fatalf("no rule for %s", without)
	}
	n.kubectl("patch", "clusterrole", "multus", "--type=json", "-p", `[{"op": "remove", "path": "/rules/`+string(rune('0'+index))+`"}]`)
}

// TestForbidden: without a permission the pod waits and says which; with it, it starts.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for resource, cure := range map[string]string{
		"pods/status":                    `give Multus's ClusterRole the verb "patch" on "pods/status"`,
		"network-attachment-definitions": `give Multus's ClusterRole the verb "get" on "network-attachment-definitions`,
	} {
		t.Run(resource, func(t *testing.T) {
			n := installed(t)
			n.apply(network("one", 1))
			n.rules(resource)
			n.apply(pod("waiting", "one"))
			t.Log(n.told("waiting", "FailedCreatePodSandBox", cure))
			n.kubectl("apply", "-f", "deployments/base/rbac")
			n.running("waiting")
			n.truthful("waiting", "cbr0", "default/one")
		})
	}
}

// TestNoEvents: without the permission to make events pods start all the same.
func TestNoEvents(t *testing.T) {
	n := installed(t)
	n.rules("events")
	n.start(pod("quiet", ""))
	n.truthful("quiet", "cbr0")
	if events := n.events("quiet", "AddedInterfaces"); events != "" {
		t.Errorf("events: %s", events)
	}
}

// TestToken: a token ends with its service account, and a new one takes over
// without anything being started anew.
func TestToken(t *testing.T) {
	n := installed(t)
	n.kubectl("delete", "serviceaccount", "multus", "-n", "kube-system")
	n.kubectl("apply", "-f", "deployments/base/rbac")
	t.Cleanup(func() { n.kubeconfig("2h") })
	n.until("refused", func() bool { // the API server remembers for some seconds whom it has let in
		out, err := n.try("", "kubectl", "--kubeconfig", kubeconfigPath, "get", "pod", "waiting")
		return err != nil && strings.Contains(out, "Unauthorized")
	})
	n.apply(pod("waiting", ""))
	t.Log(n.told("waiting", "FailedCreatePodSandBox", "is not accepted (401", kubeconfigPath))
	n.kubeconfig("2h")
	n.running("waiting")
	n.truthful("waiting", "cbr0")
}
