package plugins_test

import (
	"net"

	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// addBridge makes a bridge that is up, with a port.
func (n *host) addBridge(name, port string) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	n.Must(n.Handle().LinkAdd(&netlink.Bridge{LinkAttrs: attrs}))
	n.Must(n.Handle().LinkSetMasterByIndex(n.Link(port), n.Index(name)))
	n.Must(n.Handle().LinkSetUp(n.Link(name)))
}

// addVxlan makes the tunnel vx42 to the other node over the uplink up0.
func (n *host) addVxlan(other string) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "vx42"
	n.Must(n.Handle().LinkAdd(&netlink.Vxlan{
		LinkAttrs: attrs, VxlanId: 42, Port: 4789, Learning: true,
		VtepDevIndex: n.Index("up0"), Group: net.ParseIP(other),
	}))
	n.Must(n.Handle().LinkSetUp(n.Link("vx42")))
}

// newOutside is a namespace at the other end of a cable to the node, out0 there, with
// addresses at both ends.
func (n *host) newOutside(name string) *cnitest.NetNS {
	n.T.Helper()
	outside := cnitest.NewNetNS(n.T)
	n.Wire(name, outside, "out0")
	n.AddAddresses(name, "192.0.2.1/24", "2001:db8::1/64")
	outside.AddAddresses("out0", "192.0.2.2/24", "2001:db8::2/64")
	return outside
}
