package plan

import (
	"encoding/json"

	"github.com/multus-cni/multus/pkg/netconf"
)

// Plan is everything that ADD will do for one sandbox, in order. It is data: it
// marshals to JSON without loss, and the same value is executed by ADD, saved in
// the record, undone by DEL, checked by CHECK and printed by explain.
type Plan struct {
	Attachments []Attachment `json:"attachments"` // the master first
	Warnings    []string     `json:"-"`           // odd but not wrong; to be logged
}

// Attachment is one interface of a sandbox: all that it takes to make it and to
// take it away.
type Attachment struct {
	// Network is the name users know it by: namespace/name of a NAD, else the
	// configuration's own name.
	Network string `json:"network"`
	// Interface is CNI_IFNAME for every plugin and command of the attachment.
	Interface string `json:"interface"`
	// Master marks the attachment whose result answers the runtime.
	Master bool `json:"master,omitempty"`
	// Config is what is executed, with the selection's cni-args and device in it.
	Config netconf.List `json:"config"`
	// RuntimeConfig holds the requests by capability (CNI specification, section 3).
	RuntimeConfig map[string]json.RawMessage `json:"runtimeConfig,omitempty"`
	// Args is the whole of CNI_ARGS for this attachment.
	Args string `json:"args,omitempty"`
	// Verify holds the requests that are in Args alone, for no plugin declares them.
	Verify Verify `json:"verify,omitzero"`
	// DefaultRoute is there for the one attachment that is to carry the pod's default route.
	DefaultRoute *DefaultRoute `json:"defaultRoute,omitempty"`
	// Device is there where the network names a resource.
	Device *Device `json:"device,omitempty"`
	// DeviceInfoFile is there where the attachment has a file that describes its
	// device, or a plugin that may write one.
	DeviceInfoFile string `json:"deviceInfoFile,omitempty"`
	// Source says where the configuration came from and Reason why the
	// attachment is there and named so; both for people.
	Source string `json:"source,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Verify is what ADD compares the result with, since a plugin that does not
// declare a request may have passed over it.
type Verify struct {
	IPs []string `json:"ips,omitempty"` // with or without a prefix length
	MAC string   `json:"mac,omitempty"`
}

// DefaultRoute says that an attachment carries the pod's default route.
type DefaultRoute struct {
	// Gateways in order of preference; empty keeps what the network's own plugin made.
	Gateways []string `json:"gateways"`
}

// Device is a device that the pod was given.
type Device struct {
	Resource string `json:"resource"`
	ID       string `json:"id,omitempty"` // empty: the pod was given none
}

// String is how error messages call the attachment: network default/a (net0).
func (a Attachment) String() string { return "network " + a.Network + " (" + a.Interface + ")" }
