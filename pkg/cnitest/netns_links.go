package cnitest

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Veth makes an interface that is up and has the addresses (CIDR), usable at
// once. Its other end is up too, in another namespace.
func (n *NetNS) Veth(name string, addresses ...string) {
	n.t.Helper()
	if n.far == nil {
		n.far = NewNetNS(n.t)
	}
	n.Wire(name, n.far, fmt.Sprintf("far%d", len(n.far.Links())))
	n.AddAddresses(name, addresses...)
}

// Wire connects two namespaces by a cable whose ends are up.
func (n *NetNS) Wire(name string, other *NetNS, otherName string) {
	n.t.Helper()
	veth := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: otherName}
	veth.Name = name
	other.with(func(fd int) error {
		veth.PeerNamespace = netlink.NsFd(fd)
		return n.nl.LinkAdd(veth)
	})
	n.check(name, n.nl.LinkSetUp(n.Link(name)))
	other.check(otherName, other.nl.LinkSetUp(other.Link(otherName)))
}

// AddAddresses gives an interface addresses (CIDR) that are usable at once.
func (n *NetNS) AddAddresses(name string, addresses ...string) {
	n.t.Helper()
	for _, a := range addresses {
		addr, err := netlink.ParseAddr(a)
		n.check(name, err)
		addr.Flags = unix.IFA_F_NODAD
		n.check(name+" "+a, n.nl.AddrAdd(n.Link(name), addr))
	}
}

// Links are the names of the interfaces, sorted, the loopback interface left out.
func (n *NetNS) Links() []string {
	n.t.Helper()
	links, err := n.nl.LinkList()
	n.check("links", err)
	names := []string{}
	for _, l := range links {
		if l.Attrs().Name != "lo" {
			names = append(names, l.Attrs().Name)
		}
	}
	slices.Sort(names)
	return names
}

// MAC is the hardware address of an interface.
func (n *NetNS) MAC(name string) string {
	n.t.Helper()
	return n.Link(name).Attrs().HardwareAddr.String()
}

// Addresses are an interface's addresses (CIDR), sorted, without IPv6 link-local ones.
func (n *NetNS) Addresses(name string) []string {
	n.t.Helper()
	addrs, err := n.nl.AddrList(n.Link(name), netlink.FAMILY_ALL)
	n.check(name, err)
	out := []string{}
	for _, a := range addrs {
		if !a.IP.IsLinkLocalUnicast() || a.IP.To4() != nil {
			out = append(out, a.IPNet.String())
		}
	}
	slices.Sort(out)
	return out
}

// AddRoute adds a route to the main table: dst is a CIDR, gateway may be "".
func (n *NetNS) AddRoute(name, dst, gateway string, metric int) {
	n.t.Helper()
	_, prefix, err := net.ParseCIDR(dst)
	n.check(dst, err)
	r := &netlink.Route{LinkIndex: n.Index(name), Dst: prefix, Priority: metric}
	if gateway == "" {
		r.Scope = netlink.SCOPE_LINK
	} else {
		r.Gw = net.ParseIP(gateway)
	}
	n.check("route "+dst+" "+gateway, n.nl.RouteAdd(r))
}

// DefaultRoutes are the default routes of the main table as lines like
// "default via 10.0.0.1 dev net0 metric 5", sorted; of one family, netlink.FAMILY_V4
// or FAMILY_V6, or of both, FAMILY_ALL.
func (n *NetNS) DefaultRoutes(family int) []string {
	n.t.Helper()
	lines := []string{}
	for _, line := range n.Routes(family) {
		if strings.HasPrefix(line, "default ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Routes are all routes of the main table, in the form of DefaultRoutes. A metric
// is told where it is not the family's default.
func (n *NetNS) Routes(family int) []string {
	n.t.Helper()
	routes, err := n.nl.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	n.check("routes", err)
	lines := []string{}
	for _, r := range routes {
		lines = append(lines, n.line(r))
	}
	slices.Sort(lines)
	return lines
}

func (n *NetNS) line(r netlink.Route) string {
	dst := "default"
	if ones, _ := r.Dst.Mask.Size(); ones > 0 {
		dst = r.Dst.String()
	}
	hops := r.MultiPath
	if len(hops) == 0 {
		hops = []*netlink.NexthopInfo{{LinkIndex: r.LinkIndex, Gw: r.Gw}}
	}
	line := dst
	for _, h := range hops {
		if h.Gw != nil {
			line += " via " + h.Gw.String()
		}
		line += " dev " + n.name(h.LinkIndex)
	}
	usual := 0
	if r.Family == netlink.FAMILY_V6 {
		usual = 1024
	}
	if r.Priority != usual {
		line += fmt.Sprintf(" metric %d", r.Priority)
	}
	return line
}

func (n *NetNS) name(index int) string {
	l, err := n.nl.LinkByIndex(index)
	if err != nil {
		return fmt.Sprintf("#%d", index)
	}
	return l.Attrs().Name
}
