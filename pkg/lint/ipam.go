package lint

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Range is addresses that the host-local plugin hands out, one of each set to an
// interface.
type Range struct {
	Set         string // what the ranges of a set have in common
	Subnet      netip.Prefix
	First, Last netip.Addr

	key string
}

// HostLocal are the ranges that a plugin's host-local IPAM hands out, and in which
// directory it keeps what is taken; none where its IPAM is another one.
func HostLocal(p netconf.Plugin) (dir string, ranges []Range) {
	conf := settingsOf(p).IPAM
	if conf.Type != "host-local" {
		return "", nil
	}
	ranges, _ = conf.hostLocal()
	return cmp.Or(conf.DataDir, "/var/lib/cni/networks"), ranges
}

// overlaps tells whether two ranges share an address.
func (r Range) overlaps(other Range) bool {
	return !r.Last.Less(other.First) && !other.Last.Less(r.First)
}

// hostLocal checks the ranges of the host-local plugin.
func hostLocal(s settings) []problem {
	ranges, all := s.IPAM.hostLocal()
	for i, r := range ranges {
		for _, other := range ranges[:i] {
			if r.overlaps(other) {
				all = append(all, problem{key: r.key, what: fmt.Sprintf("%s overlaps with %s of %s", r.Subnet, other.Subnet, other.key)})
			}
		}
		if i > 0 && r.Set == ranges[i-1].Set && r.First.Is4() != ranges[i-1].First.Is4() {
			all = append(all, problem{key: r.key, what: "is of another address family than the one before it", cure: "give it a list of its own"})
		}
	}
	return all
}

// hostLocal are the ranges of a configuration, and what is wrong with each.
func (i ipam) hostLocal() (ranges []Range, all []problem) {
	add := func(written addressRange, set, key string) {
		r, problems := written.read(key)
		r.Set, r.key = set, key
		all = append(all, problems...)
		if len(problems) == 0 || problems[0].odd {
			ranges = append(ranges, r)
		}
	}
	if i.Subnet != "" {
		add(i.addressRange, "subnet", "subnet")
	}
	for n, set := range i.Ranges {
		name := fmt.Sprintf("ranges[%d]", n)
		if len(set) == 0 {
			all = append(all, problem{key: name, what: "is empty"})
		}
		for j, written := range set {
			add(written, name, fmt.Sprintf("%s[%d].subnet", name, j))
		}
	}
	return ranges, all
}

// read reads a range whose subnet is under the key.
func (a addressRange) read(key string) (Range, []problem) {
	subnet, err := netip.ParsePrefix(a.Subnet)
	switch {
	case err != nil:
		return Range{}, []problem{wrong(key, rawjson.Quote(a.Subnet), withLength)}
	case subnet != subnet.Masked():
		return Range{}, []problem{{key: key, what: fmt.Sprintf("%s is an address within a network", subnet), cure: "the network is " + subnet.Masked().String()}}
	case subnet.Bits() > subnet.Addr().BitLen()-2:
		return Range{}, []problem{{key: key, what: fmt.Sprintf("%s has no address to hand out", subnet), cure: "use a larger network"}}
	}
	before := strings.TrimSuffix(key, "subnet")
	first, all := within(subnet, before+"rangeStart", cmp.Or(a.RangeStart, subnet.Addr().Next().String()))
	last, more := within(subnet, before+"rangeEnd", cmp.Or(a.RangeEnd, lastOf(subnet).String()))
	_, odd := within(subnet, before+"gateway", a.Gateway)
	if len(more) == 0 && last.Less(first) {
		more = []problem{{key: before + "rangeEnd", what: fmt.Sprintf("%s comes before %s", last, first)}}
	}
	return Range{Subnet: subnet, First: first, Last: last}, slices.Concat(all, more, odd)
}

// within reads an address of a network; an empty text is none.
func within(subnet netip.Prefix, key, text string) (netip.Addr, []problem) {
	addr, err := netip.ParseAddr(text)
	switch {
	case text == "":
	case err != nil:
		return addr, []problem{wrong(key, rawjson.Quote(text), "an IP address")}
	case !subnet.Contains(addr):
		what := fmt.Sprintf("%s is outside of %s", addr, subnet)
		return addr, []problem{{key: key, what: what, odd: strings.HasSuffix(key, "gateway")}}
	}
	return addr, nil
}

// lastOf is the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// static checks the addresses of the static plugin.
func static(s settings) []problem {
	var all []problem
	for i, a := range s.IPAM.Addresses {
		key := fmt.Sprintf("addresses[%d].", i)
		prefix, err := netip.ParsePrefix(a.Address)
		if err != nil {
			all = append(all, wrong(key+"address", rawjson.Quote(a.Address), "an IP address with a prefix length, such as 10.1.2.3/24"))
			continue
		}
		_, problems := within(prefix.Masked(), key+"gateway", a.Gateway)
		all = append(all, problems...)
	}
	return all
}

// whereabouts checks the ranges of the whereabouts plugin.
func whereabouts(s settings) []problem {
	var all []problem
	if s.IPAM.Range != "" || len(s.IPAM.IPRanges) == 0 {
		all = s.IPAM.whereabouts("")
	}
	for i, r := range s.IPAM.IPRanges {
		all = append(all, r.whereabouts(fmt.Sprintf("ipRanges[%d].", i))...)
	}
	return all
}

// whereabouts checks a range whose keys are behind others: a network, or the first and
// last address with the prefix length of the network.
func (a addressRange) whereabouts(before string) []problem {
	if a.Range == "" {
		return []problem{{key: before + "range", what: "is missing", cure: "name the addresses to hand out", odd: true}}
	}
	first, last, between := strings.Cut(a.Range, "-")
	subnet, err := netip.ParsePrefix(strings.TrimSpace(cmp.Or(last, first)))
	subnet = subnet.Masked()
	if addr, _ := netip.ParseAddr(strings.TrimSpace(first)); err != nil || between && !subnet.Contains(addr) {
		return []problem{wrong(before+"range", rawjson.Quote(a.Range), "a network such as 10.1.2.0/24, or 10.1.2.10-10.1.2.20/24,")}
	}
	_, all := within(subnet, before+"range_start", a.First)
	_, more := within(subnet, before+"range_end", a.Last)
	_, odd := within(subnet, before+"gateway", a.Gateway)
	return slices.Concat(all, more, odd)
}
