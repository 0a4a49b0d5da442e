package plugins_test

import (
	"net"
	"os"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// openThread opens the network namespace that the thread is in.
func openThread() (*os.File, error) { return os.Open("/proc/thread-self/ns/net") }

// change does something with a link of the namespace.
func change(ns *cnitest.NetNS, name string, f func(*netlink.Handle, netlink.Link) error) {
	ns.Do(func() error {
		link, err := ns.Handle().LinkByName(name)
		if err != nil {
			return err
		}
		return f(ns.Handle(), link)
	})
}

func up(ns *cnitest.NetNS, name string) {
	change(ns, name, (*netlink.Handle).LinkSetUp)
}

func rename(ns *cnitest.NetNS, name, to string) {
	change(ns, name, func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, to) })
}

// address gives a link an address that is usable at once.
func address(ns *cnitest.NetNS, name, cidr string) {
	change(ns, name, func(h *netlink.Handle, l netlink.Link) error {
		a, err := netlink.ParseAddr(cidr)
		if err != nil {
			return err
		}
		a.Flags = ifaFlagNoDAD
		return h.AddrAdd(l, a)
	})
}

// newBridge makes a bridge that is up, with a port.
func newBridge(ns *cnitest.NetNS, name, port string) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	ns.Do(func() error { return ns.Handle().LinkAdd(&netlink.Bridge{LinkAttrs: attrs}) })
	change(ns, port, func(h *netlink.Handle, l netlink.Link) error {
		return h.LinkSetMasterByIndex(l, ns.Index(name))
	})
	up(ns, name)
}

// link is a link of the namespace, for its attributes.
func link(ns *cnitest.NetNS, name string) netlink.Link {
	var found netlink.Link
	change(ns, name, func(_ *netlink.Handle, l netlink.Link) error {
		found = l
		return nil
	})
	return found
}

// vxlan makes the tunnel vx42 to the other node over the uplink up0.
func vxlan(n *host, other string) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "vx42"
	n.Do(func() error {
		return n.Handle().LinkAdd(&netlink.Vxlan{
			LinkAttrs: attrs, VxlanId: 42, Port: 4789, Learning: true,
			VtepDevIndex: n.Index("up0"), Group: net.ParseIP(other),
		})
	})
	up(n.NetNS, "vx42")
}

// gateways are those of a link's default routes of one family, the preferred one first.
func (p *pod) gateways(name string, family int) []string {
	p.t.Helper()
	routes, err := p.Handle().RouteList(link(p.NetNS, name), family)
	if err != nil {
		p.t.Fatal(err)
	}
	slices.SortStableFunc(routes, func(a, b netlink.Route) int { return a.Priority - b.Priority })
	var list []string
	for _, r := range routes {
		if ones, _ := r.Dst.Mask.Size(); ones == 0 {
			list = append(list, r.Gw.String())
		}
	}
	return list
}
