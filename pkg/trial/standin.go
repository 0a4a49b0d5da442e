package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// StandIns are for what a node has and this machine, or the files, have not: a
// network that is not among the files, a plugin, a link, a device. Each is told once.
type StandIns struct {
	Objects *manifest.Objects
	Find    func(pluginType string) (string, error) // a plugin's binary
	Warn    func(text string)
	// DefaultAlone has nothing replaced but the default network, which is assumed.
	DefaultAlone bool

	needed  map[string]string   // links, and a network that needs each
	made    map[string]bool     // bridges, by networks
	bridges map[string]string   // by network
	subnets map[string]int      // by network
	asked   map[string][]string // addresses that pods ask of networks that are not known
	told    map[string]bool
}

// Planner plans as a node would, with stand-ins.
func (s *StandIns) Planner(ctx context.Context, conf config.Config) plan.Planner {
	s.needed, s.made, s.told = map[string]string{}, map[string]bool{}, map[string]bool{}
	s.bridges, s.subnets = map[string]string{}, map[string]int{}
	p := s.Objects.Planner(conf)
	s.asked = asked(ctx, p, s.Objects.Pods())
	if p.Definitions != nil {
		p.Definitions = replaced{p.Definitions, s, p.Conf.ClusterNetwork}
		p.Networks = replaced{p.Networks, s, p.Conf.ClusterNetwork}
	}
	if s.DefaultAlone {
		p.Networks = s.Objects.Networks()
		return p
	}
	p.Conf.Delegates = slices.Clone(p.Conf.Delegates)
	for i, d := range p.Conf.Delegates {
		text, err := json.Marshal(d.List)
		if err != nil {
			continue
		}
		name := d.List.Name()
		if list, _, err := netconf.Parse(s.replace(name, plan.Definition{Config: string(text)}, i == 0), name); err == nil {
			p.Conf.Delegates[i].List = list
		}
	}
	return p
}

// asked are the addresses and gateways that pods ask for, by network.
func asked(ctx context.Context, p plan.Planner, pods []plan.Pod) map[string][]string {
	addresses := map[string][]string{}
	for _, pod := range pods {
		made, _ := p.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod) // faults are told when it is planned in earnest
		for _, a := range made.Attachments {
			var ips []string
			if json.Unmarshal(a.RuntimeConfig["ips"], &ips) == nil {
				addresses[a.Network] = append(addresses[a.Network], ips...)
			}
			if a.DefaultRoute != nil {
				addresses[a.Network] = append(addresses[a.Network], a.DefaultRoute.Gateways...)
			}
		}
	}
	return addresses
}

// replaced are definitions with stand-ins in them.
type replaced struct {
	known          plan.Definitions
	standIns       *StandIns
	defaultNetwork string
}

// Definitions answers as the definitions do, with stand-ins.
func (r replaced) Definitions(ctx context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers, given := r.known.Definitions(ctx, refs), r.standIns.Objects.Definitions(ctx, refs)
	for ref, answer := range answers {
		switch {
		case r.standIns.DefaultAlone && ref.Name != r.defaultNetwork:
			answers[ref] = given[ref]
		case answer.Err == nil:
			if why := given[ref].Err; why != nil && ref.Name != r.defaultNetwork {
				r.standIns.tell(ref.String(), why.Error())
			}
			answer.Definition.Config = string(r.standIns.replace(ref.String(), answer.Definition, ref.Name == r.defaultNetwork))
			answers[ref] = answer
		}
	}
	return answers
}

// replace is a network's configuration with what is missing here replaced. What
// cannot be parsed is for the planner to refuse.
func (s *StandIns) replace(network string, d plan.Definition, routes bool) []byte {
	list, _, err := netconf.Parse([]byte(d.Config), "network")
	if err != nil {
		return []byte(d.Config)
	}
	var kept []rawjson.Object
	changed := false
	for i, p := range list.Plugins() {
		o, err := rawjson.Nested(p.JSON())
		if err != nil {
			return []byte(d.Config)
		}
		why := s.missing(p.Type(), o, d.Resource)
		switch {
		case why != "" && i > 0:
			s.tell(network, why+": it is left out")
			changed = true
			continue
		case why != "":
			s.tell(network, why+": a bridge stands for it")
			o = s.bridge(network, o, routes)
		}
		plugin, other := o, false
		if why == "" {
			plugin, other = s.linked(network, o)
		}
		o, replaced := s.addressed(network, plugin)
		changed = changed || other || replaced || why != ""
		kept = append(kept, o)
	}
	if !changed {
		return []byte(d.Config)
	}
	out := written(d.Config, kept)
	if kind, _ := kept[0].Text("type"); kind == "bridge" {
		// Without addresses, or without isGateway and with two ports, it fails its own CHECK.
		out = out.With("disableCheck", json.RawMessage("true"))
	}
	return out.JSON()
}

// written is the configuration with other plugins; its name, if it has one, and its
// version stay.
func written(config string, plugins []rawjson.Object) rawjson.Object {
	given, _ := rawjson.Parse([]byte(config)) // was parsed before
	texts := make([]json.RawMessage, len(plugins))
	for i, o := range plugins {
		texts[i] = o.JSON()
	}
	all, _ := json.Marshal(texts) // valid each
	out := rawjson.New()
	for _, key := range []string{"cniVersion", "cniVersions", "name", "disableCheck", "disableGC"} {
		if value, set := given.Value(key); set {
			out = out.With(key, value)
		}
	}
	return out.With("plugins", all)
}

// missing says what a plugin has not got here that only a node has; "": nothing.
func (s *StandIns) missing(kind string, o rawjson.Object, resource string) string {
	_, device := o.Value("device")
	switch _, err := s.Find(kind); {
	case kind == manifest.Unknown:
		return "it is not among the files"
	case err != nil:
		return "the plugin " + kind + " is not on this machine"
	case kind == "host-device" && resource != "" && !device:
		return "its device, of " + resource + ", is the kubelet's to give"
	case (kind == "ipvlan" || kind == "vlan" || kind == "macvlan") && !kernelMakes(kind):
		return "this machine's kernel makes no " + kind + " links"
	}
	return ""
}

// kernelMakes tells whether the kernel knows a kind of links. One that it knows it
// refuses on the loopback link.
func kernelMakes(kind string) bool {
	const loopback = 1
	link := &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: "multus-probe", ParentIndex: loopback}, LinkType: kind}
	err := netlink.LinkAdd(link)
	if err == nil {
		_ = netlink.LinkDel(link) // it was made just now
	}
	return !errors.Is(err, unix.EOPNOTSUPP)
}

// bridge is a bridge with the addresses and capabilities of a plugin.
func (s *StandIns) bridge(network string, o rawjson.Object, routes bool) rawjson.Object {
	kind, _ := o.Text("type")
	if s.bridges[network] == "" {
		s.bridges[network] = fmt.Sprintf("multus-try%d", len(s.bridges))
	}
	out := rawjson.New(
		rawjson.Member{Key: "type", Value: rawjson.Quote("bridge")},
		rawjson.Member{Key: "bridge", Value: rawjson.Quote(s.bridges[network])},
	)
	for _, key := range []string{"capabilities", "ipam", "mtu", "args"} {
		if value, set := o.Value(key); set && (key != "ipam" || len(ipamOf(o)) > 0) {
			out = out.With(key, value)
		}
	}
	if kind != manifest.Unknown {
		return out
	}
	out = out.With("isGateway", json.RawMessage("true"))
	return out.With("ipam", s.addresses(network, routes))
}

// addresses are of a subnet of the network's own, or of those that pods ask of it.
func (s *StandIns) addresses(network string, routes bool) json.RawMessage {
	if s.subnets[network] == 0 {
		s.subnets[network] = len(s.subnets) + 1
	}
	ranges := [][]map[string]string{}
	for _, text := range s.asked[network] {
		text, _, _ = strings.Cut(text, "/")
		address, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		subnet, _ := address.Prefix(map[bool]int{true: 24, false: 64}[address.Is4()])
		one := []map[string]string{{"subnet": subnet.String()}}
		if !slices.ContainsFunc(ranges, func(r []map[string]string) bool { return maps.Equal(r[0], one[0]) }) {
			ranges = append(ranges, one)
		}
	}
	if len(ranges) == 0 {
		ranges = append(ranges, []map[string]string{{"subnet": fmt.Sprintf("10.213.%d.0/24", s.subnets[network]%256)}})
	}
	ipam := map[string]any{"type": "host-local", "ranges": ranges}
	if routes {
		ipam["routes"] = []map[string]string{{"dst": "0.0.0.0/0"}}
	}
	text, _ := json.Marshal(ipam) // strings alone
	return text
}

// addressed is a plugin with addresses of host-local where its own IPAM plugin is
// missing, and whether that is so.
func (s *StandIns) addressed(network string, o rawjson.Object) (rawjson.Object, bool) {
	kind := ipamOf(o)
	if _, err := s.Find(kind); kind == "" || err == nil {
		return o, false
	}
	s.tell(network, "the plugin "+kind+" is not on this machine: host-local stands for it")
	return o.With("ipam", s.addresses(network, false)), true
}

// ipamOf is the IPAM plugin of a plugin; "": it has none.
func ipamOf(o rawjson.Object) string {
	value, _ := o.Value("ipam")
	ipam, _ := rawjson.Nested(value) // what is no object has no type
	kind, _ := ipam.Text("type")
	return kind
}

// uplink stands for the link of this machine's default route.
const uplink = "multus-uplink"

// linked is a plugin with a link where it takes that of the default route and there is
// none, and whether that is so. It notes the links that a plugin needs, and makes.
func (s *StandIns) linked(network string, o rawjson.Object) (rawjson.Object, bool) {
	if bridge, _ := o.Text("bridge"); bridge != "" {
		s.made[bridge] = true
	}
	if inContainer, _ := o.Value("linkInContainer"); string(inContainer) == "true" {
		return o, false
	}
	kind, _ := o.Text("type")
	named := false
	for _, key := range []string{"master", "device"} {
		if link, _ := o.Text(key); link != "" {
			s.needed[link], named = network, true
		}
	}
	if named || kind != "macvlan" && kind != "ipvlan" || hasDefaultRoute() {
		return o, false
	}
	s.tell(network, "no link is named, and this machine has no default route, whose link it would be: a veth stands for it")
	s.needed[uplink] = network
	return o.With("master", rawjson.Quote(uplink)), true
}

func hasDefaultRoute() bool {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	return err == nil && slices.ContainsFunc(routes, func(r netlink.Route) bool {
		if r.Dst == nil {
			return true
		}
		ones, _ := r.Dst.Mask.Size()
		return ones == 0
	})
}

// Links are the names of the links that have to be made: no network makes them, and
// they are not here.
func (s *StandIns) Links() []string {
	var missing []string
	for _, link := range slices.Sorted(maps.Keys(s.needed)) {
		if _, err := netlink.LinkByName(link); !s.made[link] && errors.As(err, &netlink.LinkNotFoundError{}) {
			s.tell(s.needed[link], "the link "+link+" is not on this machine: a veth stands for it")
			missing = append(missing, link)
		}
	}
	return missing
}

// Lacking is what the stand-ins lack themselves.
func (s *StandIns) Lacking() error {
	for _, kind := range []string{"bridge", "host-local"} {
		if _, err := s.Find(kind); err != nil && len(s.told) > 0 {
			return fmt.Errorf("what stands for other networks takes the plugins bridge and host-local: %w; name their directory with --bin", err)
		}
	}
	return nil
}

// tell tells of a stand-in, once.
func (s *StandIns) tell(network, text string) {
	if text = "network " + network + ": " + text; !s.told[text] {
		s.told[text] = true
		s.Warn(text)
	}
}

// makeLinks makes the links that stand for others.
func (s *Session) makeLinks() error {
	for _, name := range s.StandIns {
		link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: fmt.Sprintf("mt%08x", rand.Uint32())}
		if err := netlink.LinkAdd(link); err != nil {
			return fmt.Errorf("a link %s: %w", name, err)
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("a link %s: %w", name, err)
		}
		if peer, err := netlink.VethPeerIndex(link); err == nil {
			if other, err := netlink.LinkByIndex(peer); err == nil {
				_ = netlink.LinkSetUp(other) // or macvlan has no carrier
			}
		}
	}
	return nil
}

// removeStandIns removes them again.
func (s *Session) removeStandIns() {
	for _, name := range s.StandIns {
		if link, err := netlink.LinkByName(name); err == nil {
			s.tried(netlink.LinkDel(link))
		}
	}
}
