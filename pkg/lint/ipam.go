package lint

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// block is a range of addresses to be handed out.
type block struct {
	key         string
	subnet      netip.Prefix
	first, last netip.Addr
}

// Range is addresses that the host-local plugin hands out, one of each set to an
// interface.
type Range struct {
	Set         string // what the ranges of a set have in common
	Subnet      netip.Prefix
	First, Last netip.Addr
}

// HostLocal are the ranges that a plugin's host-local IPAM hands out, and in which
// directory it keeps what is taken; none where its IPAM is another one.
func HostLocal(p netconf.Plugin) (dir string, ranges []Range) {
	conf, _ := rawjson.Parse(p.JSON())
	ipam, _ := rawjson.Parse(folded(conf, "ipam"))
	if kind, _ := rawjson.Text(folded(ipam, "type")); kind != "host-local" {
		return "", nil
	}
	blocks, _ := hostLocalBlocks(ipam)
	for _, b := range blocks {
		set, _, _ := strings.Cut(b.key, "][")
		ranges = append(ranges, Range{Set: set, Subnet: b.subnet, First: b.first, Last: b.last})
	}
	dir, _ = rawjson.Text(folded(ipam, "dataDir"))
	return cmp.Or(dir, "/var/lib/cni/networks"), ranges
}

// overlaps tells whether two blocks share an address.
func (b block) overlaps(other block) bool {
	return b.subnet.Addr().Is4() == other.subnet.Addr().Is4() && !b.last.Less(other.first) && !other.last.Less(b.first)
}

// hostLocal checks the ranges of the host-local plugin.
func hostLocal(o rawjson.Object) []problem {
	blocks, all := hostLocalBlocks(o)
	for i, b := range blocks {
		for _, other := range blocks[:i] {
			if b.overlaps(other) {
				all = append(all, problem{key: b.key, what: fmt.Sprintf("%s overlaps with %s of %s", b.subnet, other.subnet, other.key)})
			}
		}
	}
	return all
}

// hostLocalBlocks are the ranges of a configuration, and what is wrong with each.
func hostLocalBlocks(o rawjson.Object) ([]block, []problem) {
	var blocks []block
	var all []problem
	add := func(o rawjson.Object, key string) {
		b, problems := hostLocalBlock(o, key)
		all = append(all, problems...)
		if len(problems) == 0 || problems[0].odd {
			blocks = append(blocks, b)
		}
	}
	if subnet, _ := rawjson.Text(folded(o, "subnet")); subnet != "" {
		add(o, "subnet")
	}
	sets, _ := rawjson.Elements(folded(o, "ranges"))
	for i, set := range sets {
		ranges, _ := rawjson.Elements(set)
		before := len(blocks)
		for j, r := range ranges {
			entry, _ := rawjson.Nested(r)
			add(entry, fmt.Sprintf("ranges[%d][%d].subnet", i, j))
		}
		if len(ranges) == 0 {
			all = append(all, problem{key: fmt.Sprintf("ranges[%d]", i), what: "is empty"})
		}
		for _, b := range blocks[min(before+1, len(blocks)):] {
			if b.subnet.Addr().Is4() != blocks[before].subnet.Addr().Is4() {
				all = append(all, problem{key: b.key, what: "is of another address family than the first of its list", cure: "give it a list of its own"})
			}
		}
	}
	return blocks, all
}

// hostLocalBlock reads one range.
func hostLocalBlock(o rawjson.Object, key string) (block, []problem) {
	b := block{key: key}
	text, _ := rawjson.Text(folded(o, "subnet"))
	subnet, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return b, []problem{wrong(key, folded(o, "subnet"), "an IP address with a prefix length, such as 10.1.2.0/24")}
	case subnet != subnet.Masked():
		return b, []problem{{key: key, what: fmt.Sprintf("%s is an address within a network", subnet), cure: "the network is " + subnet.Masked().String()}}
	case subnet.Bits() > subnet.Addr().BitLen()-2:
		return b, []problem{{key: key, what: fmt.Sprintf("%s has no address to hand out", subnet), cure: "use a larger network"}}
	}
	b.subnet, b.first, b.last = subnet, subnet.Addr().Next(), lastOf(subnet)
	var all []problem
	bounds := map[string]*netip.Addr{"rangeStart": &b.first, "rangeEnd": &b.last, "gateway": new(netip.Addr)}
	for _, name := range slices.Sorted(maps.Keys(bounds)) {
		text, _ := rawjson.Text(folded(o, name))
		addr, err := netip.ParseAddr(text)
		switch {
		case text == "":
			continue
		case err != nil:
			all = append(all, wrong(sibling(key, name), rawjson.Quote(text), "an IP address"))
		case !subnet.Contains(addr):
			all = append(all, problem{key: sibling(key, name), what: fmt.Sprintf("%s is outside of %s", addr, subnet), odd: name == "gateway"})
		}
		*bounds[name] = addr
	}
	if len(all) == 0 && b.last.Less(b.first) {
		all = append(all, problem{key: sibling(key, "rangeEnd"), what: fmt.Sprintf("%s comes before %s", b.last, b.first)})
	}
	return b, all
}

// sibling is a key beside another one.
func sibling(key, name string) string { return key[:strings.LastIndexByte(key, '.')+1] + name }

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
func static(o rawjson.Object) []problem {
	var all []problem
	addresses, _ := rawjson.Elements(folded(o, "addresses"))
	for i, element := range addresses {
		entry, _ := rawjson.Nested(element)
		key := fmt.Sprintf("addresses[%d].", i)
		text, _ := rawjson.Text(folded(entry, "address"))
		net, err := netip.ParsePrefix(text)
		if err != nil {
			all = append(all, wrong(key+"address", rawjson.Quote(text), "an IP address with a prefix length, such as 10.1.2.3/24"))
			continue
		}
		gateway, _ := rawjson.Text(folded(entry, "gateway"))
		switch addr, err := netip.ParseAddr(gateway); {
		case gateway == "":
		case err != nil:
			all = append(all, wrong(key+"gateway", rawjson.Quote(gateway), "an IP address"))
		case !net.Masked().Contains(addr):
			all = append(all, problem{key: key + "gateway", what: fmt.Sprintf("%s is outside of %s", addr, net.Masked()), odd: true})
		}
	}
	return all
}

// whereabouts checks the ranges of the whereabouts plugin: a network, or the first
// and last address with the prefix length of the network.
func whereabouts(o rawjson.Object) []problem {
	var all []problem
	ranges, _ := rawjson.Elements(folded(o, "ipRanges"))
	entries := []rawjson.Object{o}
	for _, element := range ranges {
		entry, _ := rawjson.Nested(element)
		entries = append(entries, entry)
	}
	for i, entry := range entries {
		key := ""
		if i > 0 {
			key = fmt.Sprintf("ipRanges[%d].", i-1)
		}
		text, _ := rawjson.Text(folded(entry, "range"))
		if text == "" && (i > 0 || len(ranges) == 0) {
			all = append(all, problem{key: key + "range", what: "is missing", cure: "name the addresses to hand out", odd: true})
		}
		if text != "" {
			all = append(all, whereaboutsRange(entry, key, text)...)
		}
	}
	return all
}

func whereaboutsRange(o rawjson.Object, key, text string) []problem {
	malformed := wrong(key+"range", rawjson.Quote(text), "a network such as 10.1.2.0/24, or 10.1.2.10-10.1.2.20/24,")
	first, rest, between := strings.Cut(text, "-")
	if !between {
		rest = text
	}
	subnet, err := netip.ParsePrefix(strings.TrimSpace(rest))
	if err != nil {
		return []problem{malformed}
	}
	subnet = subnet.Masked()
	var all []problem
	if addr, err := netip.ParseAddr(strings.TrimSpace(first)); between && (err != nil || !subnet.Contains(addr)) {
		all = append(all, malformed)
	}
	for _, name := range []string{"range_start", "range_end", "gateway"} {
		text, _ := rawjson.Text(folded(o, name))
		addr, err := netip.ParseAddr(text)
		if err == nil && !subnet.Contains(addr) {
			all = append(all, problem{key: key + name, what: fmt.Sprintf("%s is outside of %s", addr, subnet), odd: name == "gateway"})
		}
	}
	return all
}
