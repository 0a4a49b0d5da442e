package netconf

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// mostFileName is how long Linux lets the name of a file be.
const mostFileName = 255

// Plugin is one plugin configuration object of a list, without the reserved
// keys. Immutable.
type Plugin struct {
	raw          json.RawMessage
	kind         string
	ipam         []string
	capabilities map[string]bool
}

// Type is the plugin's type: the name of its binary.
func (p Plugin) Type() string { return p.kind }

// Runs names every binary that the configuration makes run as far as it can be
// told: the type and each spelling of ipam.type (encoding/json, which nearly all
// plugins use, folds case and takes the last of several). For allow-lists.
func (p Plugin) Runs() []string { return append([]string{p.kind}, p.ipam...) }

// Declares tells whether the plugin declares the capability as true.
func (p Plugin) Declares(capability string) bool { return p.capabilities[capability] }

// reserved tells whether a key is the runtime's alone to set, in any case (CNI
// specification, section 1, "Reserved keys").
func reserved(key string) bool {
	const prefix = "cni.dev/"
	return strings.EqualFold(key, "prevResult") || strings.EqualFold(key, "runtimeConfig") ||
		len(key) >= len(prefix) && strings.EqualFold(key[:len(prefix)], prefix)
}

// readPlugin reads one plugin object strictly and drops what a plugin must not
// hear from it. where names the object in faults and warnings.
func readPlugin(o object, where string, r reporter) Plugin {
	r.where = where
	kind := readType(o, r)
	if where != "" && kind != "" {
		r.where = where + " (" + kind + ")"
	}
	if key, misspelt := o.variant("type"); misspelt {
		r.fault(`key %s: it is written "type", and a plugin might take this one for it`, brief(key))
	}
	o = o.without(func(key string) bool {
		why := dropped(key)
		if why != "" {
			r.warn("%s", why)
		}
		return why != ""
	})
	capabilities, err := readCapabilities(o)
	if err != nil {
		r.fault("%w", err)
	}
	for _, m := range o {
		if err := checkNested(m); err != nil {
			r.fault("key %s: %w", brief(m.Key), err)
		}
	}
	return Plugin{raw: o.json(), kind: kind, ipam: ipamTypes(o), capabilities: capabilities}
}

// dropped says why a key does not reach the plugin, "" where it does.
func dropped(key string) string {
	if reserved(key) {
		return "reserved key " + brief(key) + " dropped"
	}
	for _, ours := range []string{"cniVersion", "name", "capabilities"} {
		if key != ours && strings.EqualFold(key, ours) {
			return fmt.Sprintf("key %s dropped: it is written %q", brief(key), ours)
		}
	}
	return ""
}

func readType(o object, r reporter) string {
	value, given := o.value("type")
	if !given {
		r.fault(`key "type" is missing`)
		return ""
	}
	kind, isText := text(value)
	switch {
	case !isText:
		r.fault(`key "type": a string is expected, found %s`, Kind(value))
	case kind == "":
		r.fault(`key "type" is empty`)
	case kind == ".", kind == "..", len(kind) > mostFileName, strings.ContainsAny(kind, `/\`), strings.ContainsFunc(kind, unicode.IsControl):
		r.fault(`key "type": %s: the bare name of a plugin's binary is expected, without a path`, brief(kind))
	default:
		return kind
	}
	return ""
}

// readCapabilities reads the plugin's own declaration; nil for none.
func readCapabilities(o object) (map[string]bool, error) {
	value, given := o.value("capabilities")
	if !given || value[0] == 'n' {
		return nil, nil
	}
	if value[0] != '{' {
		return nil, fmt.Errorf(`key "capabilities": an object of booleans is expected, found %s`, Kind(value))
	}
	members := split(value)
	if err := members.distinct(); err != nil {
		return nil, fmt.Errorf(`key "capabilities": %w`, err)
	}
	out := make(map[string]bool, len(members))
	for _, m := range members {
		if Kind(m.Value) != "true or false" {
			return nil, fmt.Errorf(`key "capabilities": %s: true or false is expected, found %s`, brief(m.Key), Kind(m.Value))
		}
		out[m.Key] = m.Value[0] == 't'
	}
	return out, nil
}

// checkNested refuses keys that are there twice in the objects that are looked
// into here: what is checked must be what a plugin reads.
func checkNested(m Member) error {
	if m.Value[0] != '{' || !strings.EqualFold(m.Key, "ipam") && !strings.EqualFold(m.Key, "args") {
		return nil
	}
	return split(m.Value).distinct()
}

// ipamTypes are the types of all IPAM plugins that any spelling names.
func ipamTypes(o object) []string {
	var out []string
	for _, m := range o {
		if !strings.EqualFold(m.Key, "ipam") || m.Value[0] != '{' {
			continue
		}
		for _, inner := range split(m.Value) {
			if kind, isText := text(inner.Value); isText && kind != "" && strings.EqualFold(inner.Key, "type") {
				out = append(out, kind)
			}
		}
	}
	return out
}

// object is the plugin's configuration by members.
func (p Plugin) object() object { return split(p.raw) }

// with is the plugin with one more member or another value of it. The key must not
// be one that the other fields of Plugin are read from.
func (p Plugin) with(key string, value json.RawMessage) Plugin {
	p.raw = p.object().with(key, value).json()
	return p
}
