package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/containernetworking/plugins/pkg/utils/sysctl"
	"github.com/vishvananda/netlink"
)

// settling is how long the kernel may take to remove the links of a namespace.
const settling = 3 * time.Second

// host is what is compared of this machine, before and after.
type host struct {
	Links     []link            `json:"links"`
	Addresses []string          `json:"addresses"` // with the index of their link
	Sysctls   map[string]string `json:"sysctls"`
	Chains    []string          `json:"chains"` // of the firewall, that plugins share
	rules     []string          // of the firewall
}

// link is a link of the host.
type link struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Ports int    `json:"-"` // of a bridge
}

func (l link) String() string { return l.Type + " " + l.Name }

// forwarding are the switches that plugins which route for the pod turn on, for
// the whole host, and never off.
func forwarding() []string { return []string{"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"} }

func readHost(ctx context.Context) (host, error) {
	found, err := links()
	rules := ruleset(ctx)
	h := host{Links: found, Sysctls: map[string]string{}, Chains: pluginChains(rules), rules: rules}
	addresses, addrErr := netlink.AddrList(nil, netlink.FAMILY_ALL)
	for _, a := range addresses {
		h.Addresses = append(h.Addresses, indexed(a))
	}
	for _, name := range forwarding() {
		// A kernel without IPv6 has only one of them.
		if value, err := sysctl.Sysctl(name); err == nil {
			h.Sysctls[name] = value
		}
	}
	return h, errors.Join(err, addrErr)
}

func indexed(a netlink.Addr) string { return fmt.Sprintf("%d %s", a.LinkIndex, a.IPNet) }

func links() ([]link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("links of the host: %w", err)
	}
	var found []link
	for _, l := range all {
		h := link{Index: l.Attrs().Index, Name: l.Attrs().Name, Type: l.Type()}
		for _, port := range all {
			if port.Attrs().MasterIndex == h.Index {
				h.Ports++
			}
		}
		found = append(found, h)
	}
	return found, nil
}

// sameIndex goes by the index alone: names can be changed.
func sameIndex(a, b link) bool { return a.Index == b.Index }

// alike is for a link that may have come back from another namespace, with a new index.
func alike(a, b link) bool { return sameIndex(a, b) || a.Name == b.Name && a.Type == b.Type }

// minus are the links of a that are not among b.
func minus(a, b []link, equal func(a, b link) bool) []link {
	return slices.DeleteFunc(slices.Clone(a), func(l link) bool {
		return slices.ContainsFunc(b, func(other link) bool { return equal(l, other) })
	})
}

// both are the links of a that are among b.
func both(a, b []link) []link { return minus(a, minus(a, b, sameIndex), sameIndex) }

// removeLinks waits until the links that came with the pods are gone, and the host's own
// are back, removes those that plugins leave by design, and notes what remains.
func (s *Session) removeLinks() {
	s.removeStandIns()
	var left, lost []link
	for end := time.Now().Add(settling); ; time.Sleep(20 * time.Millisecond) {
		now, err := links()
		if err != nil {
			s.tried(err)
			return
		}
		left, lost = slices.DeleteFunc(both(now, s.Came), s.removeBridge), minus(s.Went, now, alike)
		if len(left)+len(lost) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, l := range left {
		ports := ""
		if l.Ports > 0 {
			ports = fmt.Sprintf(", which has %d ports that others put there", l.Ports)
		}
		s.remains("%s%s", l, ports)
	}
	for _, l := range lost {
		s.remains("%s of the host is gone: a plugin took it and did not bring it back", l)
	}
}

// removeBridge removes a bridge if no ports are on it, be they others'.
func (s *Session) removeBridge(l link) bool {
	if l.Type != "bridge" || l.Ports > 0 || netlink.LinkDel(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Index: l.Index}}) != nil {
		return false
	}
	s.say("bridge %s removed: it has no ports left, and the plugin that made it never does", l.Name)
	return true
}

// removeAddresses removes the gateways' addresses from links that were there before.
func (s *Session) removeAddresses() {
	now, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	s.tried(err)
	for _, a := range now {
		if slices.Contains(s.Before.Addresses, indexed(a)) || !slices.Contains(s.Gateways, a.IP.String()) {
			continue
		}
		l, err := netlink.LinkByIndex(a.LinkIndex)
		if err == nil {
			err = netlink.AddrDel(l, &netlink.Addr{IPNet: a.IPNet})
		}
		if err != nil {
			s.remains("address %s: %v", a.IPNet, err)
			continue
		}
		s.say("address %s taken off %s: the plugin that put it there never does", a.IPNet, l.Attrs().Name)
	}
}

// restoreForwarding undoes what plugins switched on.
func (s *Session) restoreForwarding() {
	for name, was := range s.Before.Sysctls {
		if now, err := sysctl.Sysctl(name); err != nil || now == was {
			continue
		}
		if _, err := sysctl.Sysctl(name, was); err != nil {
			s.remains("%v", err)
			continue
		}
		s.say("%s is %s again, as it was before", name, was)
	}
}
