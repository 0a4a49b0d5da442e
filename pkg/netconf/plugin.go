package netconf

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Plugin is one plugin configuration of a list, without the reserved keys. Immutable.
type Plugin struct {
	raw          json.RawMessage
	kind         string
	ipam         []string
	capabilities []string // that it declares as true, sorted
}

// Type is the plugin's type: the name of its binary.
func (p Plugin) Type() string { return p.kind }

// IPAM names the IPAM plugins of the configuration: each spelling of ipam.type
// (encoding/json, which nearly all plugins use, folds case and takes the last of
// several).
func (p Plugin) IPAM() []string { return append([]string(nil), p.ipam...) }

// Runs names every binary that the configuration makes run as far as it can be
// told: the type and IPAM. For allow-lists.
func (p Plugin) Runs() []string { return append([]string{p.kind}, p.ipam...) }

// Declares tells whether the plugin declares the capability as true.
func (p Plugin) Declares(capability string) bool { return slices.Contains(p.capabilities, capability) }

// Capabilities are those that the plugin declares as true, sorted.
func (p Plugin) Capabilities() []string { return slices.Clone(p.capabilities) }

// JSON is the plugin's configuration, normalised.
func (p Plugin) JSON() json.RawMessage { return p.raw }

// reserved tells whether a key is the runtime's alone to set, in any case (CNI
// specification, section 1, "Reserved keys").
func reserved(key string) bool {
	return strings.EqualFold(key, "prevResult") || strings.EqualFold(key, "runtimeConfig") || strings.HasPrefix(strings.ToLower(key), "cni.dev/")
}

// readPlugin reads one plugin strictly, drops what a plugin must not hear from it,
// and appends it to the list. where names it in faults and warnings, "" where it is
// alone.
func (d *draft) readPlugin(where string, o rawjson.Object) {
	var faults fault.List
	kind, err := readType(o)
	faults.Add(err)
	if where != "" && kind != "" {
		where += " (" + kind + ")"
	}
	if key, misspelt := o.Variant("type"); misspelt {
		faults.Add(misspelling(key, "type"))
	}
	o = o.Without(func(key string) bool {
		why := dropped(key)
		if why != "" {
			d.warnings.Add(fault.Fault{Subject: where, What: why}.Error())
		}
		return why != ""
	})
	capabilities, err := readCapabilities(o)
	faults.Add(err)
	for _, m := range o.Members() {
		faults.Add(checkNested(m))
	}
	d.faults.Add(fault.Under(where, faults.Err()))
	d.list.plugins = append(d.list.plugins, Plugin{raw: o.JSON(), kind: kind, ipam: ipamTypes(o), capabilities: capabilities})
}

// dropped says why a key does not reach the plugin, "" where it does.
func dropped(key string) string {
	if reserved(key) {
		return "reserved key " + fault.Quote(key) + " dropped"
	}
	for _, ours := range []string{"cniVersion", "name", "capabilities"} {
		if key != ours && strings.EqualFold(key, ours) {
			return fmt.Sprintf("key %s dropped: it is written %q", fault.Quote(key), ours)
		}
	}
	return ""
}

func readType(o rawjson.Object) (kind string, err error) {
	value, given := o.Value("type")
	if !given {
		return "", fault.Fault{Key: "type", What: "is missing"}
	}
	err = rawjson.String(&kind, name.Plugin)(value)
	return kind, fault.Under("type", err)
}

// readCapabilities reads the plugin's own declaration; nil for none.
func readCapabilities(o rawjson.Object) (capabilities []string, err error) {
	value, given := o.Value("capabilities")
	if !given || string(value) == "null" {
		return nil, nil
	}
	var declared map[string]bool
	err = rawjson.Members(&declared, rawjson.Bool)(value)
	for _, capability := range slices.Sorted(maps.Keys(declared)) {
		if declared[capability] {
			capabilities = append(capabilities, capability)
		}
	}
	return capabilities, fault.Under("capabilities", err)
}

// checkNested refuses keys that are given twice in what is looked into here: what
// is checked must be what a plugin reads.
func checkNested(m rawjson.Member) error {
	if rawjson.Kind(m.Value) != "an object" || !strings.EqualFold(m.Key, "ipam") && !strings.EqualFold(m.Key, "args") {
		return nil
	}
	_, err := rawjson.Nested(m.Value)
	return fault.Under(m.Key, err)
}

// ipamTypes are the types of all IPAM plugins that any spelling names.
func ipamTypes(o rawjson.Object) []string {
	var out []string
	for _, m := range o.Members() {
		if !strings.EqualFold(m.Key, "ipam") || rawjson.Kind(m.Value) != "an object" {
			continue
		}
		ipam, _ := rawjson.Nested(m.Value) // of keys that are given twice each counts
		for _, inner := range ipam.Members() {
			if kind, isText := rawjson.Text(inner.Value); isText && kind != "" && strings.EqualFold(inner.Key, "type") {
				out = append(out, kind)
			}
		}
	}
	return out
}

// object is the plugin's configuration by members.
func (p Plugin) object() rawjson.Object {
	o, _ := rawjson.Nested(p.raw) // keys that are given twice were refused
	return o
}

// with is the plugin with one more member or another value of it. The key must not
// be one that the other fields of Plugin are read from.
func (p Plugin) with(key string, value json.RawMessage) Plugin {
	p.raw = p.object().With(key, value).JSON()
	return p
}
