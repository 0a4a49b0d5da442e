package netconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// List is one CNI network configuration list (CNI specification, section 1).
// It is an immutable value: the methods that extend it return a new List. Its
// JSON form, a normalised list configuration, is the only copy of its content,
// and survives a round trip to the byte inside each plugin object.
type List struct {
	name         string
	cniVersion   string
	disableCheck bool
	disableGC    bool
	plugins      []Plugin
}

// Name is the CNI network name.
func (l List) Name() string { return l.name }

// CNIVersion is the version spoken with the plugins of the list: the highest
// supported one of cniVersion and cniVersions, 0.1.0 where neither is given.
func (l List) CNIVersion() string { return l.cniVersion }

// DisableCheck tells that CHECK is not to be called for the list.
func (l List) DisableCheck() bool { return l.disableCheck }

// DisableGC tells that GC is not to be called for the list, nor its stale
// attachments removed.
func (l List) DisableGC() bool { return l.disableGC }

// Plugins are the plugins in the order of ADD. The slice is a copy.
func (l List) Plugins() []Plugin { return append([]Plugin(nil), l.plugins...) }

// Size is how many bytes the plugins' configurations have together.
func (l List) Size() int {
	size := 0
	for _, p := range l.plugins {
		size += len(p.raw)
	}
	return size
}

// IsZero tells that the list holds nothing: it was never parsed.
func (l List) IsZero() bool { return l.name == "" && len(l.plugins) == 0 }

// Declares tells whether at least one plugin declares the capability as true.
func (l List) Declares(capability string) bool {
	return slices.ContainsFunc(l.plugins, func(p Plugin) bool { return p.Declares(capability) })
}

// Self is a binary of the list that is Multus itself, "" for none. ours is what else
// Multus is called.
func (l List) Self(ours string) string {
	for _, p := range l.plugins {
		for _, binary := range p.Runs() {
			if name.Self(binary, ours) {
				return binary
			}
		}
	}
	return ""
}

// Equal tells whether two lists hold the same JSON.
func (l List) Equal(o List) bool {
	return l.name == o.name && l.cniVersion == o.cniVersion &&
		l.disableCheck == o.disableCheck && l.disableGC == o.disableGC &&
		slices.EqualFunc(l.plugins, o.plugins, func(a, b Plugin) bool { return bytes.Equal(a.raw, b.raw) })
}

// WithArgs merges args, an object that rawjson has read, into args.cni of every
// plugin, the new values winning; the other members of args stay (CNI conventions,
// "args").
func (l List) WithArgs(args json.RawMessage) (List, error) {
	added, _ := rawjson.Nested(args)
	plugins := l.Plugins()
	for i, p := range plugins {
		merged, err := mergeArgs(p.object(), added)
		if err != nil {
			return List{}, fmt.Errorf("plugins[%d] (%s): %w", i, p.kind, err)
		}
		plugins[i] = p.with("args", merged)
	}
	l.plugins = plugins
	return l, nil
}

// mergeArgs is the plugin's args with the members set in args.cni.
func mergeArgs(plugin, added rawjson.Object) (json.RawMessage, error) {
	args, err := nested(plugin, "args")
	if err != nil {
		return nil, err
	}
	cni, err := nested(args, "cni")
	if err != nil {
		return nil, fmt.Errorf("args: %w", err)
	}
	return args.With("cni", cni.Merge(added).JSON()).JSON(), nil
}

// nested is the JSON object under a key, empty where the key is not given. Only the
// one exact spelling is taken: of two it could not be told which a plugin reads.
func nested(o rawjson.Object, key string) (rawjson.Object, error) {
	if other, misspelt := o.Variant(key); misspelt {
		return rawjson.Object{}, misspelling(other, key)
	}
	value, given := o.Value(key)
	if !given || rawjson.Kind(value) == "null" {
		return rawjson.Object{}, nil
	}
	inner, err := rawjson.Nested(value)
	return inner, fault.Under(key, err)
}

// WithDevice sets deviceID and pciBusID at the top of every plugin.
func (l List) WithDevice(id string) List {
	plugins := l.Plugins()
	for i, p := range plugins {
		plugins[i] = p.with("deviceID", rawjson.Quote(id)).with("pciBusID", rawjson.Quote(id))
	}
	l.plugins = plugins
	return l
}
