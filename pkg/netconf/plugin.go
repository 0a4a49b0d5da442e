package netconf

import "encoding/json"

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

// Request is what a runtime adds to a plugin's configuration for one execution
// (CNI specification, section 3, "Deriving request configuration from plugin configuration").
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
func (l List) Stdin(p Plugin, r Request) []byte { panic("stub") }
