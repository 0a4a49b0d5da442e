package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
func forwarding() []string {
	return []string{"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"}
}

func readHost(rules []string) (host, error) {
	found, err := links()
	if err != nil {
		return host{}, err
	}
	h := host{Links: found, Sysctls: map[string]string{}, Chains: pluginChains(rules)}
	addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	for _, a := range addresses {
		h.Addresses = append(h.Addresses, indexed(a))
	}
	for _, path := range forwarding() {
		// A kernel without IPv6 has only one of them.
		if value, err := os.ReadFile(path); err == nil {
			h.Sysctls[path] = strings.TrimSpace(string(value))
		}
	}
	return h, err
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

// removeLinks waits for links to go, removes what plugins leave by design, and
// notes the links that remain.
func (s *Session) removeLinks() {
	s.removeStandIns()
	s.tried(s.awaitLinks())
	now, err := links()
	s.tried(err)
	s.removeBridges(now)
	s.removeAddresses()
	s.restoreForwarding()
	now, err = links()
	s.tried(err)
	for _, l := range both(now, s.Came) {
		if l.Ports > 0 {
			s.remains("%s, which has %d ports that others put there", l, l.Ports)
			continue
		}
		s.remains("%s", l)
	}
	for _, l := range minus(s.Went, now, alike) {
		s.remains("%s of the host is gone: a plugin took it and did not bring it back", l)
	}
}

// awaitLinks waits until the links that came with the pods are gone, but for
// bridges, and the host's own are back.
func (s *Session) awaitLinks() error {
	for end := time.Now().Add(settling); ; time.Sleep(20 * time.Millisecond) {
		now, err := links()
		if err != nil {
			return err
		}
		going := slices.DeleteFunc(both(now, s.Came), func(l link) bool { return l.Type == "bridge" && l.Ports == 0 })
		if len(going) == 0 && len(minus(s.Went, now, alike)) == 0 || time.Now().After(end) {
			return nil
		}
	}
}

// removeBridges removes the bridges that the plugin of that name made, if nobody
// else has put a port on them meanwhile.
func (s *Session) removeBridges(now []link) {
	for _, l := range both(now, s.Came) {
		if l.Type != "bridge" || l.Ports > 0 {
			continue
		}
		if err := netlink.LinkDel(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Index: l.Index}}); err != nil {
			s.remains("bridge %s: %v", l.Name, err)
			continue
		}
		s.say("bridge %s removed: it has no ports left, and the plugin that made it never does", l.Name)
	}
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
	for path, was := range s.Before.Sysctls {
		now, err := os.ReadFile(path)
		if err != nil || strings.TrimSpace(string(now)) == was {
			continue
		}
		if err := os.WriteFile(path, []byte(was), 0o644); err != nil {
			s.remains("%v", err)
			continue
		}
		name, _ := filepath.Rel("/proc/sys", path)
		s.say("%s is %s again, as it was before", strings.ReplaceAll(name, "/", "."), was)
	}
}
