package delegate

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// Routes makes the sandbox's default routes what the plan's attachment with a
// DefaultRoute says, verifies it, and returns results that say so too: one for
// each attachment, in the same order, in the same version. Without such an
// attachment nothing is touched and results is returned as it is.
//
// Of the families of the listed gateways, every other interface loses its default
// routes in the main table. The attachment's own are replaced: the first gateway
// of a family gets the family's usual metric (0, or 1024 for IPv6), each further
// one a metric higher by one. Without gateways the families are those in which the
// attachment has a default route, by its result or in the kernel; that route
// stays, and is put in place where it is missing: plugins commonly ignore that
// they could not add one beside another that was there before.
//
// Errors name the attachment.
func Routes(sb plan.Sandbox, atts []plan.Attachment, results []json.RawMessage) ([]json.RawMessage, error) {
	i := slices.IndexFunc(atts, func(a plan.Attachment) bool { return a.DefaultRoute != nil })
	if i < 0 {
		return results, nil
	}
	out, err := enforce(sb, i, atts, results)
	if err != nil {
		return nil, fmt.Errorf("%s: default-route: %w", atts[i], err)
	}
	return out, nil
}

func enforce(sb plan.Sandbox, carrier int, atts []plan.Attachment, results []json.RawMessage) ([]json.RawMessage, error) {
	listed, err := gateways(atts[carrier].DefaultRoute.Gateways)
	if err != nil {
		return nil, err
	}
	claims, err := claimed(results[carrier])
	if err != nil {
		return nil, err
	}
	s, err := openSandbox(sb.NetNS, atts[carrier].Interface)
	if err != nil {
		return nil, err
	}
	defer s.nl.Close()
	families, err := s.settle(listed, claims)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(results)
	for i, result := range out {
		if i == carrier && len(listed) == 0 {
			continue // its own stay
		}
		var set []gateway
		if i == carrier {
			set = listed
		}
		if out[i], err = rewrite(result, families, set); err != nil {
			return nil, fmt.Errorf("result of %s: %w", atts[i], err)
		}
	}
	return out, nil
}

// gateway is a default route to be: the way to everywhere in one family.
type gateway struct {
	family int        // netlink's name of it
	via    netip.Addr // invalid: everything is on the link
	metric int        // as the kernel shows it
	untold bool       // the result does not tell the metric: the plugin may have set any
	mtu    int
	advmss int
}

// to is everywhere, as an address of no bits.
func (g gateway) to() netip.Addr {
	if g.family == netlink.FAMILY_V6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// usualMetric is the metric of a route that was added without one.
func usualMetric(family int) int {
	if family == netlink.FAMILY_V6 {
		return 1024
	}
	return 0
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}

// gateways are the listed ones, with metrics in the order of the list.
func gateways(listed []string) ([]gateway, error) {
	before := map[int]int{} // of the family
	var out []gateway
	for _, text := range listed {
		via, err := netip.ParseAddr(text)
		if err != nil || via.Zone() != "" {
			return nil, fmt.Errorf("%s is no IP address", fault.Quote(text))
		}
		via = via.Unmap()
		family := familyOf(via)
		out = append(out, gateway{family: family, via: via, metric: usualMetric(family) + before[family]})
		before[family]++
	}
	return out, nil
}

func families(gateways []gateway) []int {
	var out []int
	for _, g := range gateways {
		out = append(out, g.family)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
