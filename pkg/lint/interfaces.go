package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// interfaces warns of networks whose configuration names an interface of the pod
// that the pod does not have when the network is attached.
func (c *checker) interfaces(o manifest.Object, made plan.Plan) {
	var all []string
	for _, a := range made.Attachments {
		all = append(all, a.Interface)
	}
	for i, a := range made.Attachments {
		for _, n := range named(a.Config) {
			at := slices.Index(all, n.name)
			if at >= 0 && at <= i {
				continue
			}
			f := fault.Fault{Subject: a.String(), Key: n.key, Cure: "move this network behind it in the annotation"}
			f.What = fmt.Sprintf("%s is attached later: the interfaces are made in the order %s", fault.Quote(n.name), strings.Join(all, ", "))
			if at < 0 {
				f.What = fmt.Sprintf("%s is no interface of the pod, which has %s", fault.Quote(n.name), strings.Join(all, ", "))
				f.Cure = c.nameCure(n.name)
			}
			c.warn(o, selectionPlace(o), f)
		}
	}
}

// nameCure says how the pod can have an interface of that name.
func (c *checker) nameCure(name string) string {
	cure := "name one of these, or write @" + name + " behind a network in the annotation"
	if strings.HasPrefix(name, "net") && c.conf.FirstInterfaceIndex == 0 {
		cure += ", or let the names begin with net1 (\"firstInterfaceIndex\": 1 in the multus configuration)"
	}
	return cure
}

// naming is the place where a configuration names an interface of the pod.
type naming struct{ key, name string }

// named are the interfaces of the pod that a configuration names.
func named(list netconf.List) []naming {
	var all []naming
	for _, p := range list.Plugins() {
		s := settingsOf(p)
		add := func(key, name string) {
			if name != "" {
				all = append(all, naming{"plugin " + p.Type() + ": " + key, name})
			}
		}
		switch kind := p.Type(); {
		case slices.Contains([]string{"vlan", "macvlan", "ipvlan"}, kind) && s.LinkInContainer:
			add("master", s.Master)
		case kind == "bond" && s.LinksInContainer:
			for i, link := range s.Links {
				add(fmt.Sprintf("links[%d].name", i), link.Name)
			}
		case kind == "tuning":
			for _, key := range slices.Sorted(maps.Keys(s.Sysctl)) {
				add("sysctl."+key, sysctlInterface(key))
			}
		}
	}
	return all
}

// sysctlInterface is the interface in a sysctl such as net.ipv4.conf.net1.rp_filter,
// or net/ipv4/conf/net1.5/rp_filter; empty where there is none.
func sysctlInterface(key string) string {
	separator := "."
	if slash := strings.IndexByte(key, '/'); slash >= 0 && !strings.Contains(key[:slash], ".") {
		separator = "/"
	}
	parts := strings.Split(key, separator)
	if len(parts) < 5 || parts[0] != "net" || parts[2] != "conf" && parts[2] != "neigh" {
		return ""
	}
	name := strings.Join(parts[3:len(parts)-1], separator)
	if slices.Contains([]string{"lo", "all", "default", "IFNAME"}, name) {
		return "" // always there, or replaced by the plugin
	}
	return name
}

// kept warns of two flannels of a pod that keep what DEL needs in one file: it is
// named after the container alone, so the first one's address is never freed.
func (c *checker) kept(o manifest.Object, made plan.Plan) {
	by := map[string]plan.Attachment{}
	for _, a := range made.Attachments {
		for _, p := range a.Config.Plugins() {
			if p.Type() != "flannel" {
				continue
			}
			dir := cmp.Or(settingsOf(p).DataDir, "/var/lib/cni/flannel")
			if first, is := by[dir]; is {
				c.warn(o, selectionPlace(o), fault.Fault{
					Subject: a.String(), Key: "plugin flannel: dataDir",
					What: fmt.Sprintf("is %s, as that of %s: for DEL the plugin keeps one file a container there, and forgets the first one's address", dir, first),
					Cure: "give each flannel a dataDir of its own",
				})
			}
			by[dir] = a
		}
	}
}
