package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// snapshot is what try compares of the host, before and after.
type snapshot struct {
	Links   []hostLink        `json:"links"`
	Sysctls map[string]string `json:"sysctls"`
	Chains  []string          `json:"chains"` // of the firewall, that plugins share
}

// hostLink is a link of the host.
type hostLink struct {
	Index     int      `json:"index"`
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Addresses []string `json:"addresses,omitempty"`
	Ports     int      `json:"-"` // of a bridge
}

func (l hostLink) String() string { return l.Type + " " + l.Name }

// forwarding are the switches that plugins which route for the pod turn on, for
// the whole host, and never off.
func forwarding() []string { return []string{"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"} }

// lookAround takes a snapshot.
func lookAround() (snapshot, error) {
	links, err := hostLinks()
	if err != nil {
		return snapshot{}, err
	}
	s := snapshot{Links: links, Sysctls: map[string]string{}}
	for _, key := range forwarding() {
		// A kernel without IPv6 has only one of them.
		if value, err := os.ReadFile(filepath.Join("/proc/sys", key)); err == nil {
			s.Sysctls[key] = strings.TrimSpace(string(value))
		}
	}
	return s, nil
}

func hostLinks() ([]hostLink, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("links of the host: %w", err)
	}
	addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("addresses of the host: %w", err)
	}
	found := make([]hostLink, 0, len(links))
	for _, l := range links {
		h := hostLink{Index: l.Attrs().Index, Name: l.Attrs().Name, Type: l.Type()}
		for _, a := range addresses {
			if a.LinkIndex == h.Index {
				h.Addresses = append(h.Addresses, a.IPNet.String())
			}
		}
		for _, port := range links {
			if port.Attrs().MasterIndex == h.Index {
				h.Ports++
			}
		}
		found = append(found, h)
	}
	return found, nil
}

// without are the links of a that are not among b.
func without(a, b []hostLink) []hostLink {
	return slices.DeleteFunc(slices.Clone(a), func(l hostLink) bool { return contains(b, l) })
}

// within are the links of a that are among b.
func within(a, b []hostLink) []hostLink {
	return slices.DeleteFunc(slices.Clone(a), func(l hostLink) bool { return !contains(b, l) })
}

// contains goes by the index alone: names can be changed.
func contains(links []hostLink, wanted hostLink) bool {
	return slices.ContainsFunc(links, func(l hostLink) bool { return l.Index == wanted.Index })
}

// missingOf are the links of a that b has neither under their index nor under
// their name: one that comes back from another namespace may have a new index.
func missingOf(a, b []hostLink) []hostLink {
	return slices.DeleteFunc(without(a, b), func(l hostLink) bool {
		return slices.ContainsFunc(b, func(o hostLink) bool { return o.Name == l.Name && o.Type == l.Type })
	})
}

// restoreForwarding undoes what plugins switched on. It says what it did.
func (s snapshot) restoreForwarding() (done []string, err error) {
	for _, key := range forwarding() {
		path := filepath.Join("/proc/sys", key)
		now, readErr := os.ReadFile(path)
		was, known := s.Sysctls[key]
		if readErr != nil || !known || strings.TrimSpace(string(now)) == was {
			continue
		}
		if err := os.WriteFile(path, []byte(was), 0o644); err != nil {
			return done, err
		}
		done = append(done, strings.ReplaceAll(key, "/", ".")+" is "+was+" again, as it was before")
	}
	return done, nil
}

// tidyBridges removes what the bridge plugin leaves by design: the bridges that
// it made, if nobody else has put a port on them meanwhile, and the addresses that
// it gave to bridges of others.
func (s session) tidyBridges(now []hostLink) (done []string, err error) {
	for _, l := range within(now, s.Links) {
		if l.Type != "bridge" || contains(s.Before.Links, l) {
			continue
		}
		if l.Ports > 0 {
			continue
		}
		if err := netlink.LinkDel(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Index: l.Index, Name: l.Name}}); err != nil {
			return done, fmt.Errorf("bridge %s: %w", l.Name, err)
		}
		done = append(done, "bridge "+l.Name+" removed: it has no ports left, and the plugin that made it never does")
	}
	more, err := s.tidyAddresses(now)
	return append(done, more...), err
}

// tidyAddresses removes the gateways' addresses from links that were there before.
func (s session) tidyAddresses(now []hostLink) (done []string, err error) {
	for _, l := range now {
		at := slices.IndexFunc(s.Before.Links, func(b hostLink) bool { return b.Index == l.Index })
		if at < 0 {
			continue
		}
		for _, address := range l.Addresses {
			ip, ipnet, parseErr := net.ParseCIDR(address)
			if parseErr != nil || slices.Contains(s.Before.Links[at].Addresses, address) || !slices.Contains(s.Gateways, ip.String()) {
				continue
			}
			ipnet.IP = ip
			link := &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: l.Index, Name: l.Name}}
			if err := netlink.AddrDel(link, &netlink.Addr{IPNet: ipnet}); err != nil {
				return done, fmt.Errorf("address %s of %s: %w", address, l.Name, err)
			}
			done = append(done, "address "+address+" taken off "+l.Name+": the plugin that put it there never does")
		}
	}
	return done, nil
}
