package e2e_test

import (
	"strings"
)

// examined: the doctor finds nothing wrong with a node on which nothing is, from the
// DaemonSet and from the node, and tells what a network lacks that is defined then.
func (n node) examined() {
	n.t.Helper()
	everywhere := map[string][]string{
		"the DaemonSet": {"kubectl", "-n", "kube-system", "exec", "daemonset/multus", "--", "/multus", "doctor"},
		"the node":      {"/opt/cni/bin/multus", "doctor"},
		"all nodes":     {"/opt/cni/bin/multus", "doctor", "--all-nodes"},
	}
	for from, command := range everywhere {
		out, err := n.try("", command...)
		if err != nil || !strings.Contains(out, "\n0 faults, 0 warnings, ") {
			n.t.Errorf("from %s, all is well: %v\n%s", from, err, out)
		}
	}
	n.apply(definition("lacking", `{"cniVersion": "1.0.0", "type": "no-such-plugin"}`))
	for from, command := range everywhere {
		if out, err := n.try("", command...); err == nil || !strings.Contains(out, "no-such-plugin: plugin binary not found") {
			n.t.Errorf("from %s, a plugin is missing: %v\n%s", from, err, out)
		}
	}
	n.kubectl("delete", "network-attachment-definition", "lacking")
}
