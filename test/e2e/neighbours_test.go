package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// neighbour starts another node on this machine, with multus on it, that ends
// with the test.
func neighbour(t *testing.T) node {
	t.Helper()
	n := node{t, t.TempDir()}
	for _, built := range []string{"bin", "images"} {
		n.must(os.Symlink(filepath.Join(suiteDir(), built), filepath.Join(n.base, built)))
	}
	t.Cleanup(func() { n.must(script(n.base, "stop")) })
	n.must(script(n.base, "start"))
	return n.prepared()
}

// machine is what of the machine itself a node must leave as it is: stock paths,
// control groups but for those of suites, and kernel settings.
func machine(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{
		"/etc/cni", "/etc/kubernetes", "/opt/cni", "/var/lib/cni/*", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers",
		"/usr/libexec/kubernetes", "/sys/fs/cgroup/*/[!m]*", "/sys/fs/cgroup/[!m]*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	for _, setting := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"} {
		value, err := os.ReadFile("/proc/sys/" + setting)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, setting+"="+strings.TrimSpace(string(value)))
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
	before, records := machine(t), n.records()
	t.Run("beside it", func(t *testing.T) {
		other := neighbour(t)
		other.apply(network("one", 1))
		other.start(serving("same", "one"))
		other.truthful("same", "cbr0", "default/one")
		n := node{t, n.base}
		n.truthful("same", "cbr0", "default/one")
		was := other.records()
		other.reboot()
		other.renewed(was, "same")
	})
	n.truthful("same", "cbr0", "default/one")
	if now := n.records(); now != records {
		t.Errorf("before its neighbour came and went this node had the records %q, now %q", records, now)
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
