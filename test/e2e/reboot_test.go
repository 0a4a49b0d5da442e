package e2e_test

import (
	"strings"
	"testing"
)

// powerCut takes from the node what a machine loses that is switched off, and
// nothing more: processes, namespaces, links, firewall rules and what is in /run.
// A process that the node does not see is 0 in its control groups; 0 is all that
// belongs to whoever kills it.
const powerCut = `
	find /sys/fs/cgroup -path "*/$MULTUS_E2E_CGROUP/*" -name cgroup.procs -exec cat {} + | sort -u | grep -vx 0 | xargs -r kill -KILL
	pidof containerd-shim-runc-v2 | xargs -r kill -KILL
	sleep 1
	grep -oE '(/run/netns|[^ ]*/containerd/state)/[^ ]*' /proc/self/mounts | sort -r | xargs -r -n1 umount -l
	rm -rf /run/netns/* /run/containerd "$0"/containerd/state
	for link in $(ip -o link show type bridge | cut -d: -f2); do ip link delete $link; done
	nft flush ruleset`

// TestReboot: pods come back in sandboxes of their own, and what the former ones had is freed.
func TestReboot(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	n.start(pod("first", "one,two"), pod("second", "one"))
	before := n.records()
	n.reboot()
	n.renewed(before, "first", "second")
	n.truthful("first", "cbr0", "default/one", "default/two")
	n.truthful("second", "cbr0", "default/one")
	if leases := strings.Count(n.traces(), "/networks/"); leases != 5 {
		t.Errorf("%d addresses are taken, not 5:\n%s", leases, n.traces())
	}
}

// reboot cuts the power, and the kubelet and containerd come back.
func (n node) reboot() {
	n.t.Helper()
	n.hold("kubelet")
	n.hold("containerd")
	n.run("sh", "-c", powerCut, n.dir())
	n.release("containerd")
	n.release("kubelet")
}

// renewed waits until the pods run in other sandboxes than those recorded before.
func (n node) renewed(before string, pods ...string) {
	n.t.Helper()
	n.until("attached anew", func() bool {
		now := n.records()
		for name := range strings.FieldsSeq(before) {
			if strings.Contains(now, name) {
				return false
			}
		}
		return len(strings.Fields(now)) == len(pods)
	})
	n.until("running", func() bool {
		for _, pod := range pods {
			if _, err := n.try("", "kubectl", "exec", pod, "--", "true"); err != nil {
				return false
			}
		}
		return true
	})
}

// records are the names of all records.
func (n node) records() string {
	n.t.Helper()
	return n.run("ls", "/var/lib/cni/multus/sandboxes")
}
