package thirdparty_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

const ovsRun = "/run/openvswitch" // where ovs-cni looks for the database

// openVSwitch runs Debian's Open vSwitch in the node's network namespace, with a
// datapath in user space, and makes the bridge br1.
func (h *host) openVSwitch() {
	h.T.Helper()
	const schema = "/usr/share/openvswitch/vswitch.ovsschema"
	if _, err := os.Stat(schema); err != nil {
		h.T.Skip("openvswitch-switch is not installed")
	}
	h.Must(os.MkdirAll(ovsRun, 0o755))
	h.T.Cleanup(func() { h.Must(os.RemoveAll(ovsRun)) })
	h.run(h.NetNS, "ovsdb-tool", "create", ovsRun+"/conf.db", schema)
	const remote = "unix:" + ovsRun + "/db.sock"
	h.daemon("ovsdb-server", ovsRun+"/conf.db", "--remote=p"+remote)
	h.Await("the database answers", func() bool { _, err := os.Stat(ovsRun + "/db.sock"); return err == nil })
	h.run(h.NetNS, "ovs-vsctl", "--no-wait", "init")
	h.daemon("ovs-vswitchd", remote, "--disable-system")
	h.run(h.NetNS, "ovs-vsctl", "--timeout=20", "add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev")
}

// daemon runs a program in the node's network namespace until the test ends.
func (h *host) daemon(name string, args ...string) {
	h.T.Helper()
	cmd := exec.Command(name, args...)
	log := h.Path(filepath.Base(name) + ".log")
	file, err := os.Create(log)
	h.Must(err)
	cmd.Stdout, cmd.Stderr = file, file
	h.NetNS.Do(cmd.Start)
	h.T.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if data, err := os.ReadFile(log); err == nil && h.T.Failed() {
			h.T.Logf("%s:\n%s", name, data)
		}
		_ = file.Close()
	})
}

// ports are the ports of br1, each with its VLAN.
func (h *host) ports() []string {
	h.T.Helper()
	var list []string
	for name := range strings.FieldsSeq(h.run(h.NetNS, "ovs-vsctl", "list-ports", "br1")) {
		list = append(list, name+" "+h.run(h.NetNS, "ovs-vsctl", "get", "port", name, "tag"))
	}
	return list
}

// TestOVS: the network of ovs-cni's README, whose resource only the scheduler
// knows, and one with addresses: pods of one VLAN reach each other, those of
// another do not.
func TestOVS(t *testing.T) {
	h := newHost(t, "ovs")
	h.openVSwitch()
	h.Write(h.Path("kubelet/device-plugins/kubelet_internal_checkpoint"), `{"Data": {"PodDeviceEntries": null}, "Checksum": 1}`)
	marker := node.Doc{"k8s.v1.cni.cncf.io/resourceName": "ovs-cni.network.kubevirt.io/br1"}
	h.nad("ovs-conf", `{"cniVersion": "0.4.0", "type": "ovs", "bridge": "br1", "vlan": 100}`, marker)
	for vlan, name := range map[int]string{100: "lan", 200: "other"} {
		h.nad(name, fmt.Sprintf(`{"cniVersion": "0.4.0", "type": "ovs", "bridge": "br1", "vlan": %d,
			"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24", "rangeStart": "10.2.0.%d"}}`, vlan, vlan), marker)
	}
	a, b, c := h.pod("a", "ovs-conf, lan"), h.pod("b", `[{"name": "lan", "mac": "02:00:00:00:00:b1"}]`), h.pod("c", "other")
	for range 2 { // nothing of the first time is in the second's way
		for _, p := range []pod{a, b, c} {
			p.ok("ADD", "CHECK")
		}
		if got := b.MAC("net0"); got != "02:00:00:00:00:b1" {
			t.Errorf("b was to have the MAC 02:00:00:00:00:b1 and has %s", got)
		}
		if got := a.Links(); !slices.Equal(got, []string{"eth0", "net0", "net1"}) {
			t.Errorf("a has %q", got)
		}
		h.sameVLANs("100", "100", "100", "200")
		a.reach(b.Addresses("net0")[0], true)
		a.reach(c.Addresses("net0")[0], false)
		for _, p := range []pod{a, b, c} {
			p.ok("DEL", "DEL")
		}
		h.sameVLANs()
		h.clean()
	}
}

// sameVLANs compares the VLANs of br1's ports.
func (h *host) sameVLANs(want ...string) {
	h.T.Helper()
	var got []string
	for _, port := range h.ports() {
		_, vlan, _ := strings.Cut(port, " ")
		got = append(got, vlan)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		h.T.Errorf("br1 has ports %q, and should have VLANs %q", h.ports(), want)
	}
}

// reach tells whether an address, which has a prefix length, answers the pod.
func (p pod) reach(address string, want bool) {
	p.host.T.Helper()
	ip, _, _ := strings.Cut(address, "/")
	if got := pings(p.NetNS, ip); got != want {
		p.host.T.Errorf("%s answers %s: %v, want %v", ip, p.sandbox.Pod, got, want)
	}
}

func pings(ns *cnitest.NetNS, ip string) bool {
	err := error(nil)
	ns.Do(func() error { err = exec.Command("ping", "-c2", "-i0.2", "-W1", ip).Run(); return nil })
	return err == nil
}
