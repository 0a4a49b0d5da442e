package e2e_test

import (
	"os"
	"strings"
	"testing"
)

const ovsRun = "/run/openvswitch"

// openVSwitch runs Debian's Open vSwitch on the node, with a datapath in user space
// and the bridge br1, and marks the node as ovs-cni's marker does.
func (n node) openVSwitch() {
	n.t.Helper()
	const schema = "/usr/share/openvswitch/vswitch.ovsschema"
	if _, err := os.Stat(schema); err != nil {
		n.t.Skip("openvswitch-switch is not installed")
	}
	remove := func() { _, _ = n.try("", "ip", "link", "delete", "br1") } // other tests have a bridge of that name
	remove()
	n.t.Cleanup(remove)
	n.run("mkdir", "-p", ovsRun)
	n.t.Cleanup(func() { n.run("rm", "-r", ovsRun) })
	n.run("ovsdb-tool", "create", ovsRun+"/conf.db", schema)
	n.process("ovsdb-server", "ovsdb-server", ovsRun+"/conf.db", "--remote=punix:"+ovsRun+"/db.sock")
	n.until("a database", func() bool { _, err := n.try("", "ovs-vsctl", "--timeout=5", "--no-wait", "init"); return err == nil })
	n.process("ovs-vswitchd", "ovs-vswitchd", "unix:"+ovsRun+"/db.sock", "--disable-system")
	n.run("ovs-vsctl", "--timeout=20", "add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev")
	n.t.Cleanup(func() { n.run("ovs-vsctl", "--timeout=20", "del-br", "br1") })
	n.kubectl("patch", "node", n.name, "--subresource=status", "-p", `{"status": {
		"capacity": {"ovs-cni.network.kubevirt.io/br1": "1000"}, "allocatable": {"ovs-cni.network.kubevirt.io/br1": "1000"}}}`)
}

// TestOVS: network and pod of docs/plugins.md, with a resource that the scheduler
// knows and the kubelet has no device of.
func TestOVS(t *testing.T) {
	n := installed(t)
	n.plugin("ovs")
	n.openVSwitch()
	for _, object := range shownWith(t, "ovs-conf") {
		if object["kind"] == "Pod" {
			object = runnable(object)
		}
		n.apply(object)
	}
	n.running("sample")
	list, have := n.statuses("sample"), n.real("sample")
	const mac = "02:00:00:00:00:b1"
	if len(list) != 2 || list[1].MAC != mac || have["net0"].MAC != mac {
		t.Errorf("network-status %+v, the pod has %+v", list, have)
	}
	port := strings.TrimSpace(n.run("ovs-vsctl", "list-ports", "br1"))
	if tag := strings.TrimSpace(n.run("ovs-vsctl", "get", "port", port, "tag")); tag != "100" {
		t.Errorf("port %s has the VLAN %s", port, tag)
	}
	if log := n.run("tail", "-n", "40", logPath); !strings.Contains(log, `no device of resource \"ovs-cni.network.kubevirt.io/br1\"`) {
		t.Errorf("the log does not tell of the device:\n%s", log)
	}
	n.end()
	if left := n.run("ovs-vsctl", "list-ports", "br1"); left != "" {
		t.Errorf("left on br1: %s", left)
	}
}

// shownWith are the objects that a page shows together with a network.
func shownWith(t *testing.T, network string) []doc {
	t.Helper()
	for _, list := range pages(t) {
		for _, object := range list {
			if metadata(object)["name"] == network {
				return list
			}
		}
	}
	t.Fatalf("no page shows the network %s", network)
	return nil
}

// runnable is a pod of a page, on this node, with the image that is there.
func runnable(p doc) doc {
	local := pod(metadata(p)["name"].(string), "")
	metadata(local)["annotations"] = metadata(p)["annotations"]
	mine := local["spec"].(doc)["containers"].([]doc)[0]
	shown, _ := p["spec"].(doc)["containers"].([]any)[0].(doc)
	mine["resources"] = shown["resources"]
	return local
}
