package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"text/tabwriter"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
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

// podInterfaces reads the interfaces back from the namespace, in the order of the
// record's attachments; those that no attachment names come last.
func podInterfaces(rec state.Record) ([]podInterface, error) {
	ns, err := netns.GetFromPath(rec.Sandbox.NetNS)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	links, err := h.LinkList()
	if err != nil {
		return nil, err
	}
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
	for _, link := range links {
		if name := link.Attrs().Name; !named[name] && link.Attrs().Flags&net.FlagUp != 0 {
			found = append(found, podInterface{name: name, missing: true})
		}
	}
	for i := range found {
		if err := found[i].read(h, links); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// read fills in what the kernel says.
func (p *podInterface) read(h *netlink.Handle, links []netlink.Link) error {
	for _, link := range links {
		if link.Attrs().Name != p.name {
			continue
		}
		p.missing = false
		p.mac = link.Attrs().HardwareAddr.String()
		addresses, err := h.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if !a.IP.IsLinkLocalUnicast() || a.IP.To4() != nil {
				p.addresses = append(p.addresses, a.IPNet)
			}
		}
		p.routes, err = routesOf(h, link)
		return err
	}
	return nil
}

// routesOf are the routes of an interface that lead further than its own
// networks, the default routes first. The route to a gateway itself goes without
// saying.
func routesOf(h *netlink.Handle, link netlink.Link) ([]string, error) {
	routes, err := h.RouteList(link, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	gateways := map[string]bool{}
	for _, r := range routes {
		gateways[r.Gw.String()] = true
	}
	var defaults, others []string
	for _, r := range routes {
		switch {
		case r.Table != unix.RT_TABLE_MAIN, r.Protocol == unix.RTPROT_KERNEL:
		case r.Dst == nil, isDefault(r.Dst):
			defaults = append(defaults, inWords("default", r))
		case r.Gw == nil && isHost(r.Dst) && gateways[r.Dst.IP.String()]:
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

func isDefault(n *net.IPNet) bool {
	ones, _ := n.Mask.Size()
	return ones == 0
}

func isHost(n *net.IPNet) bool {
	ones, bits := n.Mask.Size()
	return ones == bits
}

// routeWidth is how wide the last column may be for the table to fit a terminal
// of 100 columns when names and addresses are of the usual length.
const routeWidth = 24

// wrapped breaks routes that are too wide before their gateway.
func wrapped(routes []string) []string {
	var lines []string
	for _, r := range routes {
		dst, via, found := strings.Cut(r, " via ")
		if !found || len(r) <= routeWidth {
			lines = append(lines, r)
			continue
		}
		lines = append(lines, dst, "  via "+via)
	}
	return lines
}

// table prints the interfaces of a pod, one line for each address or route.
func table(interfaces []podInterface) string {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "INTERFACE\tNETWORK\tPLUGINS\tMAC\tADDRESSES\tROUTES")
	for _, i := range interfaces {
		cells := []string{i.name, or(i.network, "-"), or(strings.Join(i.plugins, ","), "-"), or(i.mac, "-")}
		if i.missing {
			cells[3] = "no such interface"
		}
		routes := wrapped(i.routes)
		for line := range max(1, len(i.addresses), len(routes)) {
			if line > 0 {
				cells = []string{"", "", "", ""}
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\n", strings.Join(cells, "\t"),
				cell(line, len(i.addresses), func() string { return i.addresses[line].String() }),
				cell(line, len(routes), func() string { return routes[line] }))
		}
	}
	_ = tw.Flush() // into memory
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// cell is a column's text in the given line of a row; "-" says that there is none at all.
func cell(line, lines int, text func() string) string {
	switch {
	case line < lines:
		return text()
	case line == 0:
		return "-"
	}
	return ""
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
