package plugins_test

import (
	"fmt"
	"os/exec"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// TestHostDeviceByAllocation gives two links that stand for virtual functions to
// two networks of one resource: those, and in that order, that the kubelet wrote
// down for the pod. The kernel knows no such PCI device, so what it would tell of
// them in /sys is mounted there for each command alone.
func TestHostDeviceByAllocation(t *testing.T) {
	t.Parallel()
	needs(t, "unshare", "mount")
	unshare, err := exec.LookPath("unshare")
	cnitest.Must(t, err)
	n := newNode(t)
	n.Cluster()
	for address, link := range map[string]string{"0000:3b:02.1": "vf1", "0000:3b:02.5": "vf5", "0000:3b:02.7": "vf7"} {
		n.Veth(link)
		n.Write(n.Node.Path("pci", address, "net", link, "ifindex"), "")
		n.Write(n.Node.Path("pci", address, "driver", "bind"), "") // the kernel's, not one of user space
	}
	n.Wrap = func(cmd *exec.Cmd) {
		const script = `mount --bind "$0" /sys/bus/pci/devices && exec "$@"`
		cmd.Args = append([]string{"unshare", "--mount", "sh", "-c", script, n.Node.Path("pci"), cmd.Path}, cmd.Args[1:]...)
		cmd.Path = unshare
	}
	for _, name := range []string{"fast", "faster"} {
		n.Define("default", name, `{"cniVersion": "1.0.0", "type": "host-device", "capabilities": {"deviceID": true},
			"ipam": {"type": "static", "addresses": [{"address": "10.2.0.5/24"}]}}`,
			node.Doc{"k8s.v1.cni.cncf.io/resourceName": "example.com/vf"})
	}
	gives := func(p *pod, devices string) {
		n.Write(n.Node.Path("kubelet/device-plugins/kubelet_internal_checkpoint"), fmt.Sprintf(`{"Data": {"PodDeviceEntries": [
			{"PodUID": %q, "ContainerName": "app", "ResourceName": "example.com/vf", "DeviceIDs": %s}]}, "Checksum": 1}`, p.sandbox().UID, devices))
	}
	p := n.annotated(t, "web", "fast,faster")
	gives(p, `{"0": ["0000:3b:02.7"], "1": ["0000:3b:02.1"]}`)
	c := n.conf("1.1.0", clusterBridge).with("kubeletRoot", n.Node.Path("kubelet"))
	vf1, vf7 := n.MAC("vf1"), n.MAC("vf7")
	p.life(c, func(*current.Result) {
		same(t, "interfaces", p.Links(), []string{"eth0", "net0", "net1"})
		same(t, "MAC of net0", p.MAC("net0"), vf7)
		same(t, "MAC of net1", p.MAC("net1"), vf1)
		same(t, "MAC of the link that is nobody's", n.MAC("vf5") != "", true)
	})
	same(t, "MAC of vf7, which is back", n.MAC("vf7"), vf7)

	greedy := n.annotated(t, "greedy", "fast,faster,fast")
	gives(greedy, `{"0": ["0000:3b:02.7", "0000:3b:02.1"]}`)
	greedy.refused("ADD", c, "default/greedy", "default/fast", "example.com/vf", "0000:3b:02.7")
	same(t, "interfaces of a pod with too few devices", greedy.Links(), []string{})
}
