package trial

import (
	"bytes"
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
	"github.com/multus-cni/multus/pkg/multus"
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

	needed   map[string]string   // links, and a network that needs each
	made     map[string]bool     // bridges, by networks
	numbered []string            // networks that have a bridge or a subnet of their own
	asked    map[string][]string // addresses that pods ask of networks
	told     map[string]bool
}

// Equip has a plugin plan as a node would, with stand-ins. What a node would refuse of
// the networks that these stand for is an error.
func (s *StandIns) Equip(ctx context.Context, plugin *multus.Plugin, conf config.Config) error {
	s.needed, s.made, s.told = map[string]string{}, map[string]bool{}, map[string]bool{}
	p := s.Objects.Planner(conf)
	var err error
	if s.asked, err = asked(ctx, p, s.Objects.Pods()); err != nil {
		return err
	}
	p.Conf.AllowedPlugins = nil // what is allowed was used, and what stands for it need not be among it
	plugin.Cluster = replaced{s.Objects, s, p.Definitions, p.Conf.ClusterNetwork}
	p.Conf.Delegates = slices.Clone(p.Conf.Delegates)
	for i, d := range p.Conf.Delegates {
		p.Conf.Delegates[i].List = s.replace(d.List.Name(), d.List, "", i == 0)
	}
	p.Definitions, p.Binaries = nil, plugin.Runner
	plugin.Planner = p
	return nil
}

// asked are the addresses and gateways that pods ask for, by network.
func asked(ctx context.Context, p plan.Planner, pods []plan.Pod) (map[string][]string, error) {
	addresses := map[string][]string{}
	var faults []error
	for _, pod := range pods {
		made, err := p.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
		if err != nil {
			faults = append(faults, fmt.Errorf("pod %s: %w", pod, err))
		}
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
	return addresses, errors.Join(faults...)
}

// replaced are the files as a cluster, with stand-ins for what they lack.
type replaced struct {
	*manifest.Objects
	standIns       *StandIns
	all            plan.Definitions // one for every network
	defaultNetwork string
}

// Definitions answers every ref.
func (r replaced) Definitions(ctx context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers, given := r.all.Definitions(ctx, kind, refs), r.Objects.Definitions(ctx, kind, refs)
	for ref, answer := range answers {
		isDefault := ref.Name == r.defaultNetwork
		if r.standIns.DefaultAlone && !isDefault {
			answers[ref] = given[ref]
			continue
		}
		if why := given[ref].Err; why != nil && !isDefault {
			r.standIns.tell(ref.String(), why.Error())
		}
		list, _, err := netconf.Parse([]byte(answer.Definition.Config), ref.Name)
		if err != nil { // for the planner to refuse
			continue
		}
		changed := r.standIns.replace(ref.String(), list, answer.Definition.Resource, isDefault)
		if !changed.Equal(list) {
			text, _ := json.Marshal(changed) // valid
			answer.Definition.Config = string(text)
			answers[ref] = answer
		}
	}
	return answers
}

// replace is a network with what is missing here replaced.
func (s *StandIns) replace(network string, list netconf.List, resource string, routes bool) netconf.List {
	var kept []json.RawMessage
	for i, p := range list.Plugins() {
		o, _ := rawjson.Nested(p.JSON()) // was parsed before
		switch why := s.missing(p.Type(), o, resource); {
		case why == "":
			o = s.linked(network, o)
		case i > 0:
			s.tell(network, why+": it is left out")
			continue
		default:
			s.tell(network, why+": a bridge stands for it")
			o = s.bridge(network, o, routes)
		}
		kept = append(kept, s.addressed(network, o).JSON())
	}
	if slices.EqualFunc(kept, list.Plugins(), func(k json.RawMessage, p netconf.Plugin) bool { return bytes.Equal(k, p.JSON()) }) {
		return list
	}
	given, _ := json.Marshal(list) // all of it was parsed before
	plugins, _ := json.Marshal(kept)
	o, _ := rawjson.Parse(given)
	o = o.With("plugins", plugins)
	if first, _ := rawjson.Nested(kept[0]); kindOf(first) == "bridge" {
		// Without addresses, or without isGateway and with two ports, it fails its own CHECK.
		o = o.With("disableCheck", json.RawMessage("true"))
	}
	changed, _, _ := netconf.Parse(o.JSON(), "")
	return changed
}

// kindOf is the type of a plugin; "" where there is none.
func kindOf(o rawjson.Object) string {
	kind, _ := o.Text("type")
	return kind
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
	return !errors.Is(netlink.LinkAdd(link), unix.EOPNOTSUPP)
}

// bridge is a bridge with the addresses and capabilities of a plugin.
func (s *StandIns) bridge(network string, o rawjson.Object, routes bool) rawjson.Object {
	out := rawjson.New(
		rawjson.Member{Key: "type", Value: rawjson.Quote("bridge")},
		rawjson.Member{Key: "bridge", Value: rawjson.Quote(fmt.Sprintf("multus-try%d", s.number(network)))},
	)
	if kindOf(o) == manifest.Unknown {
		out = out.With("isGateway", json.RawMessage("true")).With("ipam", s.addresses(network, routes))
	}
	for _, key := range []string{"capabilities", "ipam", "mtu", "args"} {
		if value, set := o.Value(key); set && (key != "ipam" || ipamOf(o) != "") {
			out = out.With(key, value)
		}
	}
	return out
}

// number is a network's own.
func (s *StandIns) number(network string) int {
	if !slices.Contains(s.numbered, network) {
		s.numbered = append(s.numbered, network)
	}
	return slices.Index(s.numbered, network)
}

// addresses are of a subnet of the network's own, or of those that pods ask of it.
func (s *StandIns) addresses(network string, routes bool) json.RawMessage {
	var subnets []string
	for _, text := range s.asked[network] {
		text, _, _ = strings.Cut(text, "/")
		if address, err := netip.ParseAddr(text); err == nil {
			subnet, _ := address.Prefix(map[bool]int{true: 24, false: 64}[address.Is4()])
			subnets = append(subnets, subnet.String())
		}
	}
	if len(subnets) == 0 {
		subnets = append(subnets, fmt.Sprintf("10.213.%d.0/24", s.number(network)%256))
	}
	slices.Sort(subnets)
	ranges := [][]map[string]string{}
	for _, subnet := range slices.Compact(subnets) {
		ranges = append(ranges, []map[string]string{{"subnet": subnet}})
	}
	ipam := map[string]any{"type": "host-local", "ranges": ranges}
	if routes {
		ipam["routes"] = []map[string]string{{"dst": "0.0.0.0/0"}}
	}
	text, _ := json.Marshal(ipam) // strings alone
	return text
}

// addressed is a plugin with addresses of host-local where its own IPAM plugin is
// missing.
func (s *StandIns) addressed(network string, o rawjson.Object) rawjson.Object {
	kind := ipamOf(o)
	if _, err := s.Find(kind); kind == "" || err == nil {
		return o
	}
	s.tell(network, "the plugin "+kind+" is not on this machine: host-local stands for it")
	return o.With("ipam", s.addresses(network, false))
}

// ipamOf is the IPAM plugin of a plugin; "": it has none.
func ipamOf(o rawjson.Object) string {
	value, _ := o.Value("ipam")
	ipam, _ := rawjson.Nested(value) // what is no object has no type
	return kindOf(ipam)
}

// uplink stands for the link of this machine's default route.
const uplink = "multus-uplink"

// linked is a plugin with a link where it takes that of the default route and there is
// none. It notes the links that a plugin needs, and makes.
func (s *StandIns) linked(network string, o rawjson.Object) rawjson.Object {
	if bridge, _ := o.Text("bridge"); bridge != "" {
		s.made[bridge] = true
	}
	if inContainer, _ := o.Value("linkInContainer"); string(inContainer) == "true" {
		return o
	}
	named := false
	for _, key := range []string{"master", "device"} {
		if link, _ := o.Text(key); link != "" {
			s.needed[link], named = network, true
		}
	}
	if kind := kindOf(o); named || kind != "macvlan" && kind != "ipvlan" || hasDefaultRoute() {
		return o
	}
	s.tell(network, "no link is named, and this machine has no default route, whose link it would be: a veth stands for it")
	s.needed[uplink] = network
	return o.With("master", rawjson.Quote(uplink))
}

func hasDefaultRoute() bool {
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{}, netlink.RT_FILTER_DST)
	return err == nil && len(routes) > 0
}

// links are the names of the links that have to be made: no network makes them, and
// they are not here.
func (s *StandIns) links() []string {
	if s == nil || s.DefaultAlone {
		return nil
	}
	var missing []string
	for _, link := range slices.Sorted(maps.Keys(s.needed)) {
		if _, err := netlink.LinkByName(link); !s.made[link] && errors.As(err, &netlink.LinkNotFoundError{}) {
			s.tell(s.needed[link], "the link "+link+" is not on this machine: a veth stands for it")
			missing = append(missing, link)
		}
	}
	return missing
}

// lacking is what the stand-ins lack themselves.
func (s *StandIns) lacking() error {
	if s == nil || len(s.told) == 0 {
		return nil
	}
	for _, kind := range []string{"bridge", "host-local"} {
		if _, err := s.Find(kind); err != nil {
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
		peer := fmt.Sprintf("mt%08x", rand.Uint32())
		err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: peer})
		for _, end := range []string{name, peer} { // with but one of them up macvlan has no carrier
			if err == nil {
				err = netlink.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: end}})
			}
		}
		if err != nil {
			return fmt.Errorf("a link %s: %w", name, err)
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
