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
// networks, the default routes first.
func routesOf(h *netlink.Handle, link netlink.Link) ([]string, error) {
	routes, err := h.RouteList(link, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	var defaults, others []string
	for _, r := range routes {
		if r.Table != unix.RT_TABLE_MAIN || r.Protocol == unix.RTPROT_KERNEL {
			continue
		}
		text := "default"
		if r.Dst != nil && !isDefault(r.Dst) {
			text = r.Dst.String()
		}
		if r.Gw != nil {
			text += " via " + r.Gw.String()
		} else {
			text += " on link"
		}
		if r.Priority != 0 && r.Gw.To4() != nil {
			text += fmt.Sprintf(" metric %d", r.Priority)
		}
		if strings.HasPrefix(text, "default") {
			defaults = append(defaults, text)
			continue
		}
		others = append(others, text)
	}
	return append(defaults, others...), nil
}

func isDefault(n *net.IPNet) bool {
	ones, _ := n.Mask.Size()
	return ones == 0
}

// table prints the interfaces of a pod, one line for each address or route.
func table(interfaces []podInterface) string {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "  INTERFACE\tNETWORK\tPLUGINS\tMAC\tADDRESSES\tROUTES")
	for _, i := range interfaces {
		cells := []string{i.name, or(i.network, "-"), or(strings.Join(i.plugins, ","), "-"), or(i.mac, "-")}
		if i.missing {
			cells[3] = "no such interface"
		}
		for line := range max(1, len(i.addresses), len(i.routes)) {
			if line > 0 {
				cells = []string{"", "", "", ""}
			}
			address, route := "", ""
			if line < len(i.addresses) {
				address = i.addresses[line].String()
			}
			if line < len(i.routes) {
				route = i.routes[line]
			}
			if line == 0 {
				address, route = or(address, "-"), or(route, "-")
			}
			fmt.Fprintf(tw, "  %s\t%s\t%s\n", strings.Join(cells, "\t"), address, route)
		}
	}
	_ = tw.Flush() // into memory
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
