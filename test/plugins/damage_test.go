package plugins_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// TestCheckSeesDamage has CHECK name the network whose interface is not as ADD left it.
func TestCheckSeesDamage(t *testing.T) {
	t.Parallel()
	_, everywhere, err := net.ParseCIDR("0.0.0.0/0")
	cnitest.Must(t, err)
	damage := map[string]struct {
		do    func(*pod) error
		blame string
	}{
		"an address": {func(p *pod) error {
			return p.Handle().AddrDel(p.Link("net0"), &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 2, 0, 2), Mask: net.CIDRMask(24, 32)}})
		}, "network second (net0): bridge: "},
		"the default route": {func(p *pod) error {
			return p.Handle().RouteDel(&netlink.Route{LinkIndex: p.Index("eth0"), Dst: everywhere})
		}, "network cluster (eth0): bridge: "},
		"an interface": {func(p *pod) error { return p.Handle().LinkDel(p.Link("net0")) }, "network second (net0): bridge: "},
	}
	for name, tc := range damage {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			c := n.conf("1.1.0", clusterBridge, secondLAN)
			p := n.newPod(t, "web")
			before := n.traces()
			result := p.add(c)
			p.check(c)
			tc.do(p)
			p.refused("CHECK", c, tc.blame)
			p.del(c)
			p.gone(before, result)
			same(t, "code of a CHECK after DEL", p.refused("CHECK", c).Code, types.ErrUnknownContainer)
		})
	}
}

// TestStatus tells whether pods could be attached now.
func TestStatus(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.Bin = n.Node.Path("bin")
	linkBinaries(t, n.Bin, "bridge", "host-local")
	n.Cluster()
	c := n.conf("1.1.0", clusterBridge).with("binDir", n.Bin)
	ready := func() {
		t.Helper()
		same(t, "answer", n.Run("STATUS", c, node.Sandbox{}).OK(t).Stdout, "")
	}
	notReady := func(words ...string) {
		t.Helper()
		same(t, "code", n.Run("STATUS", c, node.Sandbox{}).Refused(t, words...).Code, 50)
	}
	ready()
	n.Must(os.Remove(filepath.Join(n.Bin, "bridge")))
	notReady(`"cluster"`, "bridge")
	linkBinaries(t, n.Bin, "bridge")
	n.API.Close() // nobody asks it
	ready()
	n.Must(os.Remove(n.Kubeconfig))
	notReady(n.Kubeconfig)
}
