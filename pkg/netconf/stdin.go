package netconf

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/rawjson"
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
	o := p.object().Without(func(key string) bool {
		return reserved(key) || strings.EqualFold(key, "capabilities")
	})
	o = o.With("cniVersion", rawjson.Quote(l.cniVersion)).With("name", rawjson.Quote(l.name))
	if rc := p.runtimeConfig(r.RuntimeConfig); rc.Len() > 0 {
		o = o.With("runtimeConfig", rc.JSON())
	}
	if len(r.PrevResult) > 0 {
		o = o.With("prevResult", r.PrevResult)
	}
	if len(r.ValidAttachments) > 0 {
		// The first text of CNI 1.1.0 had the shorter key, and plugins were built by it.
		o = o.With("cni.dev/valid-attachments", r.ValidAttachments)
		o = o.With("cni.dev/attachments", r.ValidAttachments)
	}
	return o.JSON()
}

// runtimeConfig are the values that the plugin declares a capability for, by key.
func (p Plugin) runtimeConfig(values map[string]json.RawMessage) rawjson.Object {
	var declared []rawjson.Member
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if p.Declares(key) && len(values[key]) > 0 {
			declared = append(declared, rawjson.Member{Key: key, Value: values[key]})
		}
	}
	return rawjson.New(declared...)
}
