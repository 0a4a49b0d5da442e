package trial

import (
	"cmp"
	"fmt"
	"net"
	"strings"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/state"
)

// podInterface is one interface of a pod as the kernel has it.
type podInterface struct {
	name      string
	network   string // "" where no attachment is named after it
	plugins   []string
	missing   bool // the attachment says so, the kernel does not
	mac       string
	addresses []*net.IPNet
	routes    []string
}

// interfacesOf reads the interfaces back from the namespace, in the order of the
// record's attachments; those that no attachment names come last.
func interfacesOf(rec state.Record) ([]podInterface, error) {
	var found []podInterface
	named := map[string]bool{"lo": true}
	for _, a := range rec.Attachments {
		row := podInterface{name: a.Interface, network: a.Network, missing: true}
		for _, p := range a.Config.Plugins() {
			row.plugins = append(row.plugins, p.Type())
		}
		named[row.name] = true
		found = append(found, row)
	}
	err := ns.WithNetNSPath(rec.Sandbox.NetNS, func(ns.NetNS) error {
		all, err := netlink.LinkList()
		if err != nil {
			return err
		}
		for _, l := range all {
			if a := l.Attrs(); !named[a.Name] && a.Flags&net.FlagUp != 0 {
				found = append(found, podInterface{name: a.Name})
			}
		}
		for i := range found {
			if err := found[i].read(all); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// read fills in what the kernel says.
func (p *podInterface) read(links []netlink.Link) error {
	for _, l := range links {
		if l.Attrs().Name != p.name {
			continue
		}
		p.missing = false
		p.mac = l.Attrs().HardwareAddr.String()
		addresses, err := netlink.AddrList(l, netlink.FAMILY_ALL)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if !a.IP.IsLinkLocalUnicast() || a.IP.To4() != nil {
				p.addresses = append(p.addresses, a.IPNet)
			}
		}
		p.routes, err = routesOf(l)
		return err
	}
	return nil
}

// routesOf are the routes of an interface that lead further than its own
// networks, the default routes first. The route to a gateway itself goes without
// saying.
func routesOf(l netlink.Link) ([]string, error) {
	routes, err := netlink.RouteList(l, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	gateways := map[string]bool{}
	for _, r := range routes {
		gateways[r.Gw.String()] = true
	}
	var defaults, others []string
	for _, r := range routes {
		ones, bits := 0, 0
		if r.Dst != nil {
			ones, bits = r.Dst.Mask.Size()
		}
		switch {
		case r.Table != unix.RT_TABLE_MAIN, r.Protocol == unix.RTPROT_KERNEL:
		case ones == 0:
			defaults = append(defaults, inWords("default", r))
		case r.Gw == nil && ones == bits && gateways[r.Dst.IP.String()]:
		default:
			others = append(others, inWords(r.Dst.String(), r))
		}
	}
	return append(defaults, others...), nil
}

// inWords is a route to dst, with its metric unless it is the kernel's usual one.
func inWords(dst string, r netlink.Route) string {
	const usualIPv6 = 1024
	text := dst + " on link"
	if r.Gw != nil {
		text = dst + " via " + r.Gw.String()
	}
	if r.Priority != 0 && (r.Family != netlink.FAMILY_V6 || r.Priority != usualIPv6) {
		text += fmt.Sprintf(" metric %d", r.Priority)
	}
	return text
}

// blocks print the interfaces of a pod, with a line for each address and route.
func blocks(interfaces []podInterface) string {
	var b strings.Builder
	for _, i := range interfaces {
		fmt.Fprintf(&b, "  %s: %s\n", i.name, cmp.Or(i.network, "of no network"))
		row := func(name, value string) { fmt.Fprintf(&b, "    %-10s%s\n", name, value) }
		if i.missing {
			row("missing", "there is no such interface")
		}
		if len(i.plugins) > 0 {
			row("plugins", strings.Join(i.plugins, ","))
		}
		if i.mac != "" {
			row("mac", i.mac)
		}
		for _, a := range i.addresses {
			row("address", a.String())
		}
		for _, r := range i.routes {
			row("route", r)
		}
	}
	return b.String()
}
