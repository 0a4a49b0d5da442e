package netconf

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Request is what a runtime adds to a plugin's configuration for one execution
// (CNI specification, section 3, "Deriving request configuration from plugin configuration").
// Its values are valid JSON; an empty one counts as absent.
type Request struct {
	// RuntimeConfig holds the values at hand; only those whose capability the
	// plugin declares reach it.
	RuntimeConfig map[string]json.RawMessage
	// PrevResult is the result to hand over, nil for none.
	PrevResult json.RawMessage
	// ValidAttachments is the list for GC, nil for any other command; it is
	// written under both cni.dev/valid-attachments and cni.dev/attachments.
	ValidAttachments json.RawMessage
}

// Stdin is the configuration that plugin p of list l reads on its standard
// input: its own object unchanged, without capabilities, and with cniVersion,
// name and the members of r inserted.
func (l List) Stdin(p Plugin, r Request) []byte {
	if len(p.raw) == 0 { // the zero Plugin, which no list holds
		p.raw = json.RawMessage("{}")
	}
	version := l.cniVersion
	if version == "" {
		version = DefaultVersion
	}
	o := p.object().without(func(key string) bool {
		return reserved(key) || strings.EqualFold(key, "capabilities")
	})
	o = o.with("cniVersion", quote(version)).with("name", quote(l.name))
	if rc := p.runtimeConfig(r.RuntimeConfig); len(rc) > 0 {
		o = o.with("runtimeConfig", rc.json())
	}
	if len(r.PrevResult) > 0 {
		o = o.with("prevResult", r.PrevResult)
	}
	if len(r.ValidAttachments) > 0 {
		// The first text of CNI 1.1.0 had the shorter key, and plugins were built by it.
		o = o.with("cni.dev/valid-attachments", r.ValidAttachments)
		o = o.with("cni.dev/attachments", r.ValidAttachments)
	}
	return o.json()
}

// runtimeConfig are the values that the plugin declares a capability for, by key.
func (p Plugin) runtimeConfig(values map[string]json.RawMessage) object {
	var o object
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if p.Declares(key) && len(values[key]) > 0 {
			o = append(o, Member{Key: key, Value: values[key], written: quote(key)})
		}
	}
	return o
}
