package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// neighbour starts another node on this machine, with multus on it, that ends
// with the test. env is of cluster/start.
func neighbour(t *testing.T, name string, env ...string) node {
	t.Helper()
	return started(t, name, env...).prepared()
}

// started is a node without multus.
func started(t *testing.T, name string, env ...string) node {
	t.Helper()
	n := node{t, beside(t), name}
	t.Cleanup(func() {
		n.must(script(n.base, "stop"))
		if !t.Failed() {
			n.must(os.RemoveAll(n.base))
		}
	})
	n.must(script(n.base, "start", env...))
	return n
}

// machine is what of the machine itself a node must leave as it is: stock paths,
// control groups but for those of nodes, and kernel settings.
func machine(t *testing.T) []string {
	t.Helper()
	found := matching(t, "/etc/cni", "/etc/kubernetes", "/opt/cni", "/var/lib/cni/*", "/var/lib/kubelet", "/var/log/pods",
		"/var/log/containers", "/usr/libexec/kubernetes", "/sys/fs/cgroup/*/[^m]*", "/sys/fs/cgroup/[^m]*")
	for _, setting := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"} {
		value, err := os.ReadFile("/proc/sys/" + setting)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, setting+"="+strings.TrimSpace(string(value)))
	}
	return found
}

// matching are the paths that match any of the patterns.
func matching(t *testing.T, patterns ...string) []string {
	t.Helper()
	var found []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	return found
}

// TestNeighbours: two nodes run side by side, with the same names, addresses and
// ports. What happens to one of them, up to its end, does not happen to the other,
// and the machine has nothing more or less afterwards.
func TestNeighbours(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1))
	n.start(serving("same", "one"))
	before, records, cgroup := machine(t), n.records(), ""
	t.Run("beside it", func(t *testing.T) {
		other := neighbour(t, "e2e")
		cgroup = strings.TrimSpace(other.run("sh", "-c", `echo "$MULTUS_E2E_CGROUP"`))
		if len(matching(t, "/sys/fs/cgroup/"+cgroup, "/sys/fs/cgroup/*/"+cgroup)) == 0 {
			t.Errorf("the neighbour has no control group %s", cgroup)
		}
		other.apply(network("one", 1))
		other.start(serving("same", "one"))
		other.truthful("same", "cbr0", "default/one")
		n := n.of(t)
		n.truthful("same", "cbr0", "default/one")
		was := other.records()
		other.reboot()
		other.renewed(was, "same")
	})
	n.truthful("same", "cbr0", "default/one")
	if now := n.records(); now != records {
		t.Errorf("before its neighbour came and went this node had the records %q, now %q", records, now)
	}
	if left := matching(t, "/sys/fs/cgroup/"+cgroup, "/sys/fs/cgroup/*/"+cgroup); len(left) > 0 {
		t.Errorf("the neighbour has left %q", left)
	}
	if now := machine(t); !slices.Equal(now, before) {
		t.Errorf("the machine before: %q\nafter: %q", before, now)
	}
	n.kill("containerd")
	n.kubectl("delete", "pod", "same")
	n.start(serving("same", "one"))
	n.truthful("same", "cbr0", "default/one")
}

// serving is a pod with a port of the node.
func serving(name, networks string) doc {
	p := pod(name, networks)
	p["spec"].(doc)["containers"].([]doc)[0]["ports"] = []doc{{"containerPort": 80, "hostPort": 8088}}
	return p
}

// TestSecondNode: a pod of another node of the cluster, attached by that node's
// own multus, is reached over the cluster's network and over one of the pods'.
func TestSecondNode(t *testing.T) {
	n := installed(t)
	second := neighbour(t, "e2e-2", "MULTUS_E2E_JOIN="+n.base)
	n.apply(definition("lan", `{"cniVersion": "1.0.0", "type": "macvlan", "master": "eth0", "ipam": {"type": "static"}, "capabilities": {"ips": true}}`))
	here := pod("here", `[{"name": "lan", "ips": ["10.60.9.1/24"]}]`)
	there := pod("there", `[{"name": "lan", "ips": ["10.60.9.2/24"]}]`)
	there["spec"].(doc)["nodeName"] = second.name
	n.start(here, there)
	list := n.truthful("there", "cbr0", "default/lan")
	n.truthful("here", "cbr0", "default/lan")
	for _, s := range list {
		n.exec("here", "ping", "-c1", "-W5", s.IPs[0])
	}
	if records := strings.Fields(second.records()); len(records) != 1 {
		t.Errorf("records of the second node: %q", records)
	}
}
