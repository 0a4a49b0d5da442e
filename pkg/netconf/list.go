package netconf

import "encoding/json"

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

// IsZero tells that the list holds nothing: it was never parsed.
func (l List) IsZero() bool { return l.name == "" && len(l.plugins) == 0 }

// Declares tells whether at least one plugin declares the capability as true.
func (l List) Declares(capability string) bool { panic("stub") }

// Equal tells whether two lists hold the same JSON.
func (l List) Equal(o List) bool { panic("stub") }

// WithArgs merges args into args.cni of every plugin, the new values winning;
// the other members of args stay (CNI conventions, "args").
func (l List) WithArgs(args json.RawMessage) (List, error) { panic("stub") }

// WithDevice sets deviceID and pciBusID at the top of every plugin.
func (l List) WithDevice(id string) List { panic("stub") }

// Append adds the plugins at the end.
func (l List) Append(plugins ...Plugin) List { panic("stub") }

// MarshalJSON writes the normalised list configuration.
func (l List) MarshalJSON() ([]byte, error) { panic("stub") }

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *List) UnmarshalJSON(data []byte) error { panic("stub") }
