package delegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// layout020 are the members of CNI 0.1 and 0.2, which keep routes by family.
func layout020() [2]string { return [2]string{"ip4", "ip6"} }

// bothFamilies are the families of these, in netlink's names.
func bothFamilies() []int { return []int{netlink.FAMILY_V4, netlink.FAMILY_V6} }

// claimed are the default routes of the main table that a result tells of. One
// without a gateway leads to the gateway of the family's first address that has one.
func claimed(result json.RawMessage) ([]gateway, error) {
	if absent(result) {
		return nil, nil
	}
	r, err := Parse(result)
	if err != nil {
		return nil, err
	}
	var out []gateway
	for _, route := range r.Routes {
		family, ok := defaultRoute(*route)
		if !ok {
			continue
		}
		g := gateway{family: family, via: addr(route.GW), metric: route.Priority, mtu: route.MTU, advmss: route.AdvMSS}
		g.untold = g.metric == 0
		if g.untold {
			g.metric = usualMetric(family)
		}
		for _, ip := range r.IPs {
			if via := addr(ip.Gateway); !g.via.IsValid() && via.IsValid() && familyOf(via) == family {
				g.via = via
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// defaultRoute tells whether a route is a default one in the main table, and of
// which family.
func defaultRoute(r types.Route) (family int, ok bool) {
	ones, bits := r.Dst.Mask.Size()
	if r.Dst.IP == nil || ones != 0 || r.Table != nil && *r.Table != unix.RT_TABLE_MAIN && *r.Table != unix.RT_TABLE_UNSPEC {
		return 0, false
	}
	if bits == 8*net.IPv4len {
		return netlink.FAMILY_V4, true
	}
	return netlink.FAMILY_V6, true
}

func absent(result json.RawMessage) bool {
	result = bytes.TrimSpace(result)
	return len(result) == 0 || string(result) == "null"
}

// rewrite gives a result without its default routes of the families, and with
// those that are to be set instead. All else stays as it was printed, and the
// whole where there is nothing to change.
func rewrite(result json.RawMessage, families []int, set []gateway) (json.RawMessage, error) {
	if absent(result) {
		return result, nil
	}
	o, err := parse(result)
	if err != nil {
		return nil, err
	}
	version, err := versionOf(o)
	if err != nil {
		return nil, err
	}
	c := change{families: families, set: set, metrics: netconf.AtLeast(version, "1.1.0")}
	apply := c.apply
	if version != "" && !netconf.AtLeast(version, listsSince) {
		apply = c.apply020
	}
	out, changed, err := apply(o)
	if err != nil || !changed {
		return result, err
	}
	return out.JSON(), nil
}

// change is what becomes of a list of routes.
type change struct {
	families []int
	set      []gateway
	metrics  bool // whether a route may have a priority
}

// apply changes the member routes of a JSON object, and tells whether anything had to
// change.
func (c change) apply(o rawjson.Object) (out rawjson.Object, changed bool, err error) {
	raw, _ := o.Folded("routes")
	if absent(raw) {
		raw = json.RawMessage("[]")
	}
	routes, err := rawjson.Elements(raw)
	if err != nil {
		return o, false, errors.New("routes: no list")
	}
	left := slices.DeleteFunc(slices.Clone(routes), c.drops)
	if len(left) == len(routes) && len(c.set) == 0 {
		return o, false, nil
	}
	for _, g := range c.set {
		left = append(left, c.route(g))
	}
	list, err := json.Marshal(left)
	return o.With("routes", list), true, err
}

// apply020 keeps to the addresses that are there: without one a family has no
// place for routes.
func (c change) apply020(o rawjson.Object) (out rawjson.Object, changed bool, err error) {
	for i, name := range layout020() {
		raw, _ := o.Folded(name)
		if absent(raw) {
			continue
		}
		inner, err := parse(raw)
		if err != nil {
			return o, false, fmt.Errorf("%s: %w", name, err)
		}
		own := c
		own.set = slices.DeleteFunc(slices.Clone(c.set), func(g gateway) bool { return g.family != bothFamilies()[i] })
		inner, differs, err := own.apply(inner)
		if err != nil {
			return o, false, fmt.Errorf("%s: %w", name, err)
		}
		if differs {
			o, changed = o.With(name, inner.JSON()), true
		}
	}
	return o, changed, nil
}

func (c change) drops(raw json.RawMessage) bool {
	var r types.Route
	if json.Unmarshal(raw, &r) != nil {
		return false
	}
	family, ok := defaultRoute(r)
	return ok && slices.Contains(c.families, family)
}

func (c change) route(g gateway) json.RawMessage {
	dst := netip.PrefixFrom(g.to(), 0)
	if c.metrics && g.metric != usualMetric(g.family) {
		return fmt.Appendf(nil, `{"dst":%q,"gw":%q,"priority":%d}`, dst, g.via, g.metric)
	}
	return fmt.Appendf(nil, `{"dst":%q,"gw":%q}`, dst, g.via)
}
