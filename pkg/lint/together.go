package lint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// fixed warns of addresses that more than one pod asks for.
func (c *checker) fixed(o manifest.Object, key string, s plan.Selection) {
	for i, value := range append([]string{strings.ToLower(s.MAC)}, s.IPs...) {
		value, _, _ = strings.Cut(value, "/")
		if value == "" {
			continue
		}
		what := "mac"
		if i > 0 {
			what = fmt.Sprintf("ips[%d]", i-1)
		}
		f := fault.Fault{Subject: "annotation " + key + ", " + s.String(), Key: what}
		where := s.Ref.String() + " " + value
		first, taken := c.addresses[where]
		switch {
		case o.Several:
			f.What = fmt.Sprintf("every pod of the %s asks for %s, and two cannot have it", o.Kind, value)
			f.Cure = "leave it to the network, or have one pod"
		case taken:
			f.What = fmt.Sprintf("%s asks for %s as well", first, value)
			f.Cure = "give each its own"
		default:
			c.addresses[where] = o.Subject()
			continue
		}
		c.warn(o, o.Annotations[key].Place(), f)
	}
}

// routes warns of networks that make a default route beside the cluster's.
func (c *checker) routes(o manifest.Object, made plan.Plan) {
	for _, a := range made.Attachments {
		if a.DefaultRoute != nil {
			return // the others lose theirs
		}
	}
	for _, a := range made.Attachments[min(1, len(made.Attachments)):] {
		for _, p := range a.Config.Plugins() {
			if settingsOf(p).makesDefaultRoute() {
				c.warn(o, selectionPlace(o), fault.Fault{
					Subject: a.String(), Key: "plugin " + p.Type(),
					What: "makes a default route beside that of " + made.Attachments[0].Interface + ": traffic is spread over both",
					Cure: `give the one that is to carry it "default-route" in the annotation, or take the route out of the network`,
				})
			}
		}
	}
}

func (s settings) makesDefaultRoute() bool {
	for _, route := range s.IPAM.Routes {
		if dst, err := netip.ParsePrefix(route.Dst); err == nil && dst.Bits() == 0 {
			return true
		}
	}
	return s.IsDefaultGateway
}

// shared is a range of addresses that a network hands out on a link.
type shared struct {
	link    string
	network string
	Range
}

// overlaps warns of networks that hand out the same addresses on one link.
func (c *checker) overlaps(o manifest.Object, key string, list netconf.List) {
	for _, p := range list.Plugins() {
		link := linkOf(p)
		_, ranges := HostLocal(p)
		for _, r := range ranges {
			i := slices.IndexFunc(c.shared, func(other shared) bool {
				return other.link == link && other.network != list.Name() && other.overlaps(r)
			})
			if i >= 0 && link != "" {
				other := c.shared[i]
				c.warn(o, o.Config.Place(), fault.Fault{
					Key:  key + ": plugin " + p.Type() + ": ipam." + r.key,
					What: fmt.Sprintf("network %s hands out addresses of %s on %s too, and neither knows of the other's", other.network, other.Subnet, link),
					Cure: "use ranges that do not overlap, or one network",
				})
			}
			c.shared = append(c.shared, shared{link: link, network: list.Name(), Range: r})
		}
	}
}

// linkOf is what a plugin's interfaces share with those of other networks; empty
// where the configuration does not tell.
func linkOf(p netconf.Plugin) string {
	s := settingsOf(p)
	link, vlan := s.Master, 0
	switch p.Type() {
	case "macvlan", "ipvlan":
	case "vlan":
		vlan = s.VlanID
	case "bridge":
		link, vlan = s.Bridge, s.Vlan
	default:
		return ""
	}
	if link != "" && vlan != 0 {
		link += fmt.Sprintf(", VLAN %d", vlan)
	}
	return link
}

// handed warns of a configuration that the runtime does not hand what the default
// network's plugins need.
func (c *checker) handed(o manifest.Object, conf config.Config) {
	if len(conf.Delegates) == 0 {
		return
	}
	for _, capability := range []string{"portMappings", "bandwidth"} {
		if conf.Delegates[0].List.Declares(capability) && !conf.Capabilities[capability] {
			c.warn(o, o.Place, fault.Fault{
				Key:  "capabilities",
				What: fmt.Sprintf("lacks %q, which a plugin of the default network declares: the runtime hands it to configurations alone that declare it", capability),
				Cure: fmt.Sprintf(`add "capabilities": {%q: true}`, capability),
			})
		}
	}
}
