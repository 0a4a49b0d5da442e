package delegate

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	// settleRounds is how often the kernel's routes are put right before that is
	// given up: a router advertisement may add one at any moment.
	settleRounds = 3
	dumpTries    = 5
)

// sandbox is a network namespace and the interface in it that carries the pod's
// default routes. Its netlink socket lives there, no thread has to change over.
type sandbox struct {
	nl   *netlink.Handle
	link netlink.Link
}

func openSandbox(path, name string) (sandbox, error) {
	if path == "" {
		return sandbox{}, errors.New("the sandbox has no network namespace")
	}
	namespace, err := ns.GetNS(path)
	if err != nil {
		return sandbox{}, fmt.Errorf("network namespace %s: %w", path, err)
	}
	defer namespace.Close()
	nl, err := netlink.NewHandleAt(netns.NsHandle(namespace.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return sandbox{}, fmt.Errorf("network namespace %s: %w", path, err)
	}
	link, err := nl.LinkByName(name)
	if err != nil {
		nl.Close()
		return sandbox{}, fmt.Errorf("interface %s, which is to carry it, in the sandbox: %w", name, err)
	}
	return sandbox{nl: nl, link: link}, nil
}

// settle makes the default routes right and returns the families that this was about.
func (s sandbox) settle(listed, claims []gateway) ([]int, error) {
	concerned := families(listed)
	if len(listed) == 0 {
		own, err := s.ownFamilies()
		if err != nil {
			return nil, err
		}
		concerned = families(slices.Concat(claims, own))
	}
	have, err := s.defaults(concerned)
	for range settleRounds {
		if err != nil {
			return nil, err
		}
		want := s.wanted(have, listed, claims)
		if err := s.change(have, want); err != nil {
			return nil, err
		}
		have, err = s.defaults(concerned)
		if err == nil && same(have, want) {
			return concerned, nil
		}
	}
	found := []string{}
	for _, r := range have {
		found = append(found, s.text(r))
	}
	return nil, cmp.Or(err, fmt.Errorf("the sandbox's default routes do not stay as they were set; found: %s", strings.Join(found, ", ")))
}

// ownFamilies has an element for each default route of the interface.
func (s sandbox) ownFamilies() ([]gateway, error) {
	routes, err := s.defaults(bothFamilies())
	var own []gateway
	for _, r := range routes {
		if s.owns(r) {
			own = append(own, gateway{family: r.Family})
		}
	}
	return own, err
}

// defaults are the default routes of the main table, of whatever type and interface.
func (s sandbox) defaults(families []int) ([]netlink.Route, error) {
	var out []netlink.Route
	for _, family := range families {
		routes, err := s.list(family)
		if err != nil {
			return nil, fmt.Errorf("routes of the sandbox: %w", err)
		}
		out = append(out, routes...)
	}
	return out, nil
}

func (s sandbox) list(family int) ([]netlink.Route, error) {
	main := &netlink.Route{Table: unix.RT_TABLE_MAIN} // and no Dst: a default route
	for try := 1; ; try++ {
		routes, err := s.nl.RouteListFiltered(family, main, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_DST)
		if !errors.Is(err, netlink.ErrDumpInterrupted) || try == dumpTries {
			return routes, err
		}
	}
}

// wanted are the listed routes, else those that the interface has and those that its
// result claims and it has not.
func (s sandbox) wanted(have []netlink.Route, listed, claims []gateway) []netlink.Route {
	var want []netlink.Route
	for _, g := range listed {
		want = append(want, s.route(g))
	}
	if len(listed) > 0 {
		return want
	}
	for _, r := range have {
		if s.owns(r) {
			want = append(want, s.trimmed(r))
		}
	}
	for _, g := range claims {
		if !slices.ContainsFunc(want, g.isMetBy) {
			want = append(want, s.route(g))
		}
	}
	return want
}

// isMetBy tells whether a route is the one that a result claims. Two of one metric
// cannot be; where the result tells none, the plugin may have chosen any.
func (g gateway) isMetBy(r netlink.Route) bool {
	if r.Family != g.family || r.Priority == g.metric {
		return r.Family == g.family
	}
	return g.untold && (!g.via.IsValid() || slices.ContainsFunc(hops(r), func(h *netlink.NexthopInfo) bool { return addr(h.Gw) == g.via }))
}

func (s sandbox) route(g gateway) netlink.Route {
	r := netlink.Route{
		LinkIndex: s.link.Attrs().Index, Family: g.family, Priority: g.metric,
		Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, MTU: g.mtu, AdvMSS: g.advmss,
		Dst: &net.IPNet{IP: g.to().AsSlice(), Mask: net.CIDRMask(0, g.to().BitLen())},
	}
	switch {
	case g.via.IsValid():
		r.Gw = g.via.AsSlice()
	case g.family == netlink.FAMILY_V4:
		r.Scope = netlink.SCOPE_LINK
	}
	return r
}

// owns tells whether a route leads out of the interface, by one of its hops at least.
func (s sandbox) owns(r netlink.Route) bool {
	return slices.ContainsFunc(hops(r), func(h *netlink.NexthopInfo) bool { return h.LinkIndex == s.link.Attrs().Index })
}

// trimmed is a route without the hops that lead out of other interfaces.
func (s sandbox) trimmed(r netlink.Route) netlink.Route {
	own := slices.DeleteFunc(slices.Clone(r.MultiPath), func(h *netlink.NexthopInfo) bool {
		return h.LinkIndex != s.link.Attrs().Index
	})
	if len(own) == len(r.MultiPath) {
		return r
	}
	r.MultiPath, r.Flags = own, 0
	if len(own) == 1 {
		r.MultiPath, r.LinkIndex, r.Gw, r.Via = nil, own[0].LinkIndex, own[0].Gw, own[0].Via
		r.Flags = own[0].Flags & unix.RTNH_F_ONLINK
	}
	return r
}

func hops(r netlink.Route) []*netlink.NexthopInfo {
	if len(r.MultiPath) > 0 {
		return r.MultiPath
	}
	return []*netlink.NexthopInfo{{LinkIndex: r.LinkIndex, Gw: r.Gw, Via: r.Via}}
}

// change first deletes, since no two routes may have one metric, then adds.
func (s sandbox) change(have, want []netlink.Route) error {
	for _, r := range have {
		if contains(want, r) {
			continue
		}
		old := r
		old.MTU, old.AdvMSS, old.Hoplimit = 0, 0, 0 // what a route is not told apart by
		if err := s.nl.RouteDel(&old); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("deletion of %s: %w", s.text(r), err)
		}
	}
	for _, r := range want {
		if contains(have, r) {
			continue
		}
		if err := s.nl.RouteAdd(&r); err != nil && !errors.Is(err, unix.EEXIST) {
			return s.refused(r, err)
		}
	}
	return nil
}

// refused says why the kernel takes no such route, and what to do.
func (s sandbox) refused(r netlink.Route, err error) error {
	name := s.link.Attrs().Name
	switch {
	case s.link.Attrs().Flags&net.FlagUp == 0: // the kernel has several names for that
		return fmt.Errorf("interface %s is down: its plugin has to bring it up", name)
	case errors.Is(err, unix.EACCES) && r.Family == netlink.FAMILY_V6:
		return fmt.Errorf("%s: IPv6 is disabled on %s", s.text(r), name)
	case r.Gw != nil && (errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.EINVAL)):
		return fmt.Errorf("gateway %s is not reachable from the addresses of %s (%s): "+
			"it has to be another host of one of their subnets, or the network has to make a route to it: %w",
			r.Gw, name, s.addresses(r.Family), err)
	}
	return fmt.Errorf("addition of %s: %w", s.text(r), err)
}

func (s sandbox) addresses(family int) string {
	addrs, err := s.nl.AddrList(s.link, family)
	if err != nil || len(addrs) == 0 {
		return "none"
	}
	var out []string
	for _, a := range addrs {
		out = append(out, a.IPNet.String())
	}
	return strings.Join(out, ", ")
}

// text is a route in the manner of ip-route(8).
func (s sandbox) text(r netlink.Route) string {
	text := "default"
	for _, h := range hops(r) {
		if h.Gw != nil {
			text += " via " + h.Gw.String()
		}
		if l, err := s.nl.LinkByIndex(h.LinkIndex); err == nil {
			text += " dev " + l.Attrs().Name
		}
	}
	return fmt.Sprintf("%s metric %d", text, r.Priority)
}

func same(a, b []netlink.Route) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(r netlink.Route) bool { return !contains(b, r) })
}

func contains(routes []netlink.Route, r netlink.Route) bool {
	return slices.ContainsFunc(routes, func(o netlink.Route) bool { return alike(o, r) })
}

// alike compares what tells routes apart, and how they lead out.
func alike(a, b netlink.Route) bool {
	if a.Family != b.Family || a.Priority != b.Priority || a.Tos != b.Tos || a.Type != b.Type {
		return false
	}
	return slices.EqualFunc(hops(a), hops(b), func(x, y *netlink.NexthopInfo) bool {
		return x.LinkIndex == y.LinkIndex && addr(x.Gw) == addr(y.Gw) && (x.Via == nil) == (y.Via == nil)
	})
}

func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
