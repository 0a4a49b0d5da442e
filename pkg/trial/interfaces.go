package trial

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
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
	for _, a := range rec.Attachments {
		row := podInterface{name: a.Interface, network: a.Network, missing: true}
		for _, p := range a.Config.Plugins() {
			row.plugins = append(row.plugins, p.Type())
		}
		found = append(found, row)
	}
	err := ns.WithNetNSPath(rec.Sandbox.NetNS, func(ns.NetNS) error {
		links, err := netlink.LinkList()
		for _, l := range links {
			name, flags := l.Attrs().Name, l.Attrs().Flags
			i := slices.IndexFunc(found, func(p podInterface) bool { return p.name == name })
			if i < 0 && (name == "lo" || flags&net.FlagUp == 0) {
				continue
			}
			if i < 0 {
				i, found = len(found), append(found, podInterface{name: name})
			}
			err = errors.Join(err, found[i].read(l))
		}
		return err
	})
	return found, err
}

// read fills in what the kernel says.
func (p *podInterface) read(l netlink.Link) error {
	p.missing = false
	p.mac = l.Attrs().HardwareAddr.String()
	addresses, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	for _, a := range addresses {
		if !a.IP.IsLinkLocalUnicast() || a.IP.To4() != nil {
			p.addresses = append(p.addresses, a.IPNet)
		}
	}
	routes, routesErr := netlink.RouteList(l, netlink.FAMILY_ALL)
	p.routes = inWords(routes)
	return errors.Join(err, routesErr)
}

// inWords are the routes of an interface that lead further than its own networks,
// the default routes first, each with its metric unless it is the kernel's usual
// one. The route to a gateway itself goes without saying.
func inWords(routes []netlink.Route) []string {
	const usualIPv6 = 1024
	var defaults, others []string
	for _, r := range routes {
		ones, bits := r.Dst.Mask.Size()
		viaIt := func(other netlink.Route) bool { return other.Gw.Equal(r.Dst.IP) }
		if r.Protocol == unix.RTPROT_KERNEL || ones == bits && r.Gw == nil && slices.ContainsFunc(routes, viaIt) {
			continue
		}
		text := " on link"
		if r.Gw != nil {
			text = " via " + r.Gw.String()
		}
		if r.Priority != 0 && (r.Family != netlink.FAMILY_V6 || r.Priority != usualIPv6) {
			text += fmt.Sprintf(" metric %d", r.Priority)
		}
		if ones == 0 {
			defaults = append(defaults, "default"+text)
		} else {
			others = append(others, r.Dst.String()+text)
		}
	}
	return append(defaults, others...)
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
