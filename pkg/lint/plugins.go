package lint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// schemas are the known plugins', by type: those of the CNI project (v1.9), and
// others as their documentation says.
func schemas() map[string]schema {
	all := interfacePlugins()
	maps.Copy(all, chainedPlugins())
	maps.Copy(all, ipamPlugins())
	return all
}

func size(value json.RawMessage) string     { return number(0, math.MaxInt32)(value) }
func unsigned(value json.RawMessage) string { return number(0, math.MaxInt64)(value) }
func vlanID(value json.RawMessage) string   { return number(0, 4094)(value) }
func backend(value json.RawMessage) string  { return word("iptables", "nftables")(value) }

func interfacePlugins() map[string]schema {
	modes := []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"}
	return map[string]schema{
		"bridge": {keys: map[string]kind{
			"bridge": link, "isGateway": boolean, "isDefaultGateway": boolean, "forceAddress": boolean, "ipMasq": boolean, "ipMasqBackend": backend,
			"mtu": size, "hairpinMode": boolean, "promiscMode": boolean, "vlan": vlanID, "vlanTrunk": listOf(object), "preserveDefaultVlan": boolean,
			"macspoofchk": boolean, "enabledad": boolean, "disableContainerInterface": boolean, "portIsolation": boolean, "ipam": object,
		}, apart: [][2]string{{"hairpinMode", "promiscMode"}, {"disableContainerInterface", "ipam"}}},
		"macvlan": {keys: map[string]kind{
			"master": link, "mode": word("bridge", "private", "vepa", "passthru"), "mtu": size, "mac": mac, "linkInContainer": boolean,
			"bcqueuelen": unsigned, "ipam": object,
		}},
		"ipvlan": {keys: map[string]kind{"master": link, "mode": word("l2", "l3", "l3s"), "mtu": size, "linkInContainer": boolean, "ipam": object}},
		"ptp":    {keys: map[string]kind{"ipMasq": boolean, "ipMasqBackend": backend, "mtu": size, "ipam": object}},
		"vlan": {keys: map[string]kind{"master": link, "vlanId": vlanID, "mtu": size, "linkInContainer": boolean, "ipam": object},
			required: []string{"master"}},
		"host-device": {keys: map[string]kind{"device": link, "hwaddr": mac, "kernelpath": text, "pciBusID": text, "ipam": object},
			oneOf: []string{"device", "hwaddr", "kernelpath", "pciBusID"}},
		"tap": {keys: map[string]kind{
			"multiQueue": boolean, "mtu": size, "mac": mac, "owner": unsigned, "group": unsigned, "selinuxContext": text, "bridge": link, "ipam": object,
		}},
		"dummy": {keys: map[string]kind{"ipam": object}},
		"sriov": {keys: map[string]kind{
			"deviceID": text, "vlan": vlanID, "vlanQoS": number(0, 7), "vlanProto": word("802.1q", "802.1ad", "802.1Q", "802.1AD"), "mac": mac,
			"spoofchk": word("on", "off"), "trust": word("on", "off"), "link_state": word("auto", "enable", "disable"),
			"min_tx_rate": size, "max_tx_rate": size, "ipam": object,
		}},
		"ovs": {keys: map[string]kind{"bridge": text, "vlan": vlanID, "mtu": size, "trunk": listOf(object), "ofport_request": size, "ipam": object}},
		"bond": {keys: map[string]kind{
			"mode": word(modes...), "miimon": text, "mtu": size, "failOverMac": number(0, 2), "linksInContainer": boolean, "links": listOf(object), "ipam": object,
		}, required: []string{"mode", "links"}},
	}
}

func chainedPlugins() map[string]schema {
	return map[string]schema{
		"vrf": {keys: map[string]kind{"vrfname": link, "table": unsigned}, required: []string{"vrfname"}, chained: true, since: "0.3.1"},
		"sbr": {keys: map[string]kind{"table": unsigned}, chained: true},
		"tuning": {keys: map[string]kind{
			"dataDir": text, "sysctl": texts, "mac": mac, "promisc": boolean, "mtu": size, "txQLen": size, "allmulti": boolean,
		}, chained: true},
		"portmap": {keys: map[string]kind{
			"backend": backend, "snat": boolean, "conditionsV4": listOf(text), "conditionsV6": listOf(text), "masqAll": boolean,
			"markMasqBit": number(0, 31), "externalSetMarkChain": text,
		}, apart: [][2]string{{"markMasqBit", "externalSetMarkChain"}}, chained: true},
		"bandwidth": {keys: map[string]kind{
			"ingressRate": unsigned, "ingressBurst": number(0, math.MaxUint32), "egressRate": unsigned, "egressBurst": number(0, math.MaxUint32),
		}, check: bandwidth, chained: true, since: "0.3.0"},
		"firewall": {keys: map[string]kind{
			"backend": text, "iptablesAdminChainName": text, "firewalldZone": text, "ingressPolicy": word("open", "same-bridge", "isolated"),
		}, chained: true, since: "0.4.0"},
	}
}

func ipamPlugins() map[string]schema {
	return map[string]schema{
		"host-local": {keys: map[string]kind{
			"subnet": prefix, "rangeStart": address, "rangeEnd": address, "gateway": address, "routes": routes, "dataDir": text, "resolvConf": text,
			"ranges": listOf(listOf(object)),
		}, oneOf: []string{"subnet", "ranges"}, check: hostLocal},
		"static": {keys: map[string]kind{"addresses": listOf(object), "routes": routes, "dns": object}, check: static},
		"dhcp": {keys: map[string]kind{
			"daemonSocketPath": text, "request": listOf(object), "provide": listOf(object), "priority": size,
		}},
		"whereabouts": {keys: map[string]kind{
			"range": text, "range_start": address, "range_end": address, "gateway": address, "exclude": listOf(text), "ipRanges": listOf(object),
			"routes": routes, "network_name": text, "enable_overlapping_ranges": boolean,
		}, check: whereabouts},
	}
}

// plugins checks what a network hands to the plugins that are known.
func (c *checker) plugins(o manifest.Object, key string, list netconf.List) {
	known := schemas()
	for i, p := range list.Plugins() {
		s, is := known[p.Type()]
		if !is {
			continue
		}
		conf, _ := rawjson.Parse(p.JSON()) // it was read before
		if o.Annotations[plan.ResourceKey].Given() || list.Declares("deviceID") {
			s.oneOf = nil // the kubelet's device comes in at the start of the pod
		}
		read := settingsOf(p)
		all := s.problems(conf, read)
		if s.chained && i == 0 {
			all = append(all, problem{what: "cannot come first: it works on the interface that a plugin before it makes"})
		}
		if s.since != "" && !netconf.AtLeast(list.CNIVersion(), s.since) {
			all = append(all, problem{
				what: fmt.Sprintf("speaks CNI %s and later, and the network's cniVersion is %s", s.since, list.CNIVersion()),
				cure: "raise cniVersion",
			})
		}
		value, _ := conf.Folded("ipam")
		if ipam, _ := rawjson.Nested(value); ipam.Len() > 0 {
			ipamSchema := known[read.IPAM.Type]
			if list.Declares("ipRanges") {
				ipamSchema.oneOf = nil // the runtime names them
			}
			all = append(all, ipamSchema.ipam(ipam, read)...)
		}
		where := strings.TrimPrefix(key+": plugin "+p.Type(), ": ")
		c.problems(o, where, all)
	}
}

// ipam are what is wrong with the part of a configuration that is its IPAM plugin's.
func (s schema) ipam(o rawjson.Object, read settings) []problem {
	if read.IPAM.Type == "" {
		return []problem{{key: "ipam.type", what: "is missing", cure: "without it the rest of ipam means nothing, and the interface gets no address", odd: true}}
	}
	all := s.problems(o, read)
	for i, p := range all {
		all[i].key = strings.TrimSuffix("ipam."+p.key, ".")
	}
	return all
}

// problems notes what was found of a plugin's configuration.
func (c *checker) problems(o manifest.Object, where string, all []problem) {
	for _, p := range all {
		note := c.faults
		if p.odd {
			note = c.warn
		}
		note(o, cmp.Or(o.Config.Place(), o.Place), fault.Under(where, fault.Fault{Key: p.key, What: p.what, Cure: p.cure}))
	}
}

// bandwidth checks that rates and bursts come in pairs.
func bandwidth(s settings) []problem {
	var all []problem
	if (s.IngressRate == 0) != (s.IngressBurst == 0) {
		all = append(all, problem{key: "ingressRate", what: "goes with ingressBurst", cure: "give both, or none"})
	}
	if (s.EgressRate == 0) != (s.EgressBurst == 0) {
		all = append(all, problem{key: "egressRate", what: "goes with egressBurst", cure: "give both, or none"})
	}
	return all
}
