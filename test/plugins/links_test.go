package plugins_test

import (
	"net"
	"slices"

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

// gateways are those of a link's default routes of one family, the preferred one first.
func (p *pod) gateways(name string, family int) []string {
	p.t.Helper()
	routes, err := p.Handle().RouteList(p.Link(name), family)
	cnitest.Must(p.t, err)
	slices.SortStableFunc(routes, func(a, b netlink.Route) int { return a.Priority - b.Priority })
	var list []string
	for _, r := range routes {
		if ones, _ := r.Dst.Mask.Size(); ones == 0 {
			list = append(list, r.Gw.String())
		}
	}
	return list
}
