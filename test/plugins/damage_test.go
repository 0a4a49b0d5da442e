package plugins_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/test/node"
)

// TestCheckSeesDamage has CHECK name the network whose interface is not as ADD left it.
func TestCheckSeesDamage(t *testing.T) {
	t.Parallel()
	damage := map[string]struct {
		do    func(*pod)
		blame string
	}{
		"an address": {func(p *pod) {
			change(p.NetNS, "net0", func(h *netlink.Handle, l netlink.Link) error {
				list, err := h.AddrList(l, netlink.FAMILY_V4)
				if err != nil {
					return err
				}
				return h.AddrDel(l, &list[0])
			})
		}, "network second (net0): bridge: "},
		"the default route": {func(p *pod) {
			change(p.NetNS, "eth0", func(h *netlink.Handle, l netlink.Link) error {
				_, all, err := net.ParseCIDR("0.0.0.0/0")
				if err != nil {
					return err
				}
				return h.RouteDel(&netlink.Route{LinkIndex: l.Attrs().Index, Dst: all})
			})
		}, "network cluster (eth0): bridge: "},
		"an interface": {func(p *pod) { change(p.NetNS, "net0", (*netlink.Handle).LinkDel) }, "network second (net0): bridge: "},
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
			says(t, p.refused("CHECK", c), tc.blame)
			p.del(c)
			p.gone(before, result)
			if err := p.refused("CHECK", c); err.Code != types.ErrUnknownContainer {
				t.Errorf("CHECK after DEL: code %d: %v", err.Code, err)
			}
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
	if out, err := n.multus("STATUS", c, node.Sandbox{}); err != nil || len(out) > 0 {
		t.Fatalf("STATUS: %v %s", err, out)
	}
	if err := os.Remove(filepath.Join(n.Bin, "bridge")); err != nil {
		t.Fatal(err)
	}
	notReady(t, n, c, `"cluster"`, "bridge")
	linkBinaries(t, n.Bin, "bridge")
	n.API.Close() // nobody asks it
	if out, err := n.multus("STATUS", c, node.Sandbox{}); err != nil || len(out) > 0 {
		t.Fatalf("STATUS: %v %s", err, out)
	}
	n.Must(os.Remove(n.Kubeconfig))
	notReady(t, n, c, n.Kubeconfig)
}

func notReady(t *testing.T, n *host, c conf, words ...string) {
	t.Helper()
	_, err := n.multus("STATUS", c, node.Sandbox{})
	var answered *types.Error
	if !errors.As(err, &answered) || answered.Code != 50 {
		t.Fatalf("STATUS: %v, want code 50", err)
	}
	says(t, answered, words...)
}
