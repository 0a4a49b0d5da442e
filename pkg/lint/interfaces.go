package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
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
			f := fault.Fault{Place: selectionPlace(o), Subject: a.String(), Key: n.key}
			switch at := slices.Index(all, n.name); {
			case at > i:
				f.What = fmt.Sprintf("%s is attached later: the interfaces are made in the order %s", fault.Quote(n.name), strings.Join(all, ", "))
				f.Cure = "move this network behind it in the annotation"
			case at < 0:
				f.What = fmt.Sprintf("%s is no interface of the pod, which has %s", fault.Quote(n.name), strings.Join(all, ", "))
				f.Cure = c.nameCure(n.name)
			default:
				continue
			}
			c.warn(o, f)
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
		o, _ := rawjson.Parse(p.JSON()) // it was read before
		for _, n := range namedBy(p.Type(), o) {
			all = append(all, naming{fmt.Sprintf("plugin %s: %s", p.Type(), n.key), n.name})
		}
	}
	return all
}

// namedBy are the interfaces that one plugin's configuration names. What is of a
// wrong type there is told elsewhere.
func namedBy(plugin string, o rawjson.Object) []naming {
	isTrue := func(key string) bool {
		value, _ := o.Value(key)
		return string(value) == "true"
	}
	var all []naming
	switch plugin {
	case "vlan", "macvlan", "ipvlan":
		if master, given := o.Text("master"); given && isTrue("linkInContainer") {
			all = append(all, naming{"master", master})
		}
	case "bond":
		value, _ := o.Value("links")
		links, _ := rawjson.Elements(value)
		for i, link := range links {
			member, _ := rawjson.Parse(link)
			if name, given := member.Text("name"); given && isTrue("linksInContainer") {
				all = append(all, naming{fmt.Sprintf("links[%d].name", i), name})
			}
		}
	case "tuning":
		value, _ := o.Value("sysctl")
		sysctls, _ := rawjson.Parse(value)
		for _, m := range sysctls.Members() {
			if name := sysctlInterface(m.Key); name != "" {
				all = append(all, naming{"sysctl." + m.Key, name})
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
			conf, _ := rawjson.Parse(p.JSON()) // it was read before
			dir, _ := rawjson.Text(folded(conf, "dataDir"))
			dir = cmp.Or(dir, "/var/lib/cni/flannel")
			if first, is := by[dir]; is {
				c.warn(o, fault.Fault{
					Place: selectionPlace(o), Subject: a.String(), Key: "plugin flannel: dataDir",
					What: fmt.Sprintf("is %s, as that of %s: for DEL the plugin keeps one file a container there, and forgets the first one's address", dir, first),
					Cure: "give each flannel a dataDir of its own",
				})
			}
			by[dir] = a
		}
	}
}
