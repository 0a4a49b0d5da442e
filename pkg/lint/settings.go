package lint

import (
	"encoding/json"

	"github.com/multus-cni/multus/pkg/netconf"
)

// settings are what the checks read of a plugin's configuration: of the type of
// a plugin that has them. Their keys count in any case, as they do for the plugins,
// which use encoding/json too.
type settings struct {
	Master           string
	LinkInContainer  bool
	Links            []struct{ Name string }
	LinksInContainer bool
	Sysctl           map[string]any
	DataDir          string

	Bridge           string
	Vlan, VlanID     int
	IsDefaultGateway bool

	IngressRate, IngressBurst, EgressRate, EgressBurst float64

	IPAM ipam
}

// ipam is the part that is the IPAM plugin's.
type ipam struct {
	Type    string
	DataDir string
	Routes  []struct{ Dst string }

	addressRange
	Ranges    [][]addressRange // of host-local
	Addresses []struct{ Address, Gateway string }
	IPRanges  []addressRange // of whereabouts
}

// addressRange is a range as host-local has it, or whereabouts.
type addressRange struct {
	Subnet, RangeStart, RangeEnd, Gateway string

	Range string
	First string `json:"range_start"`
	Last  string `json:"range_end"`
}

// settingsOf reads a plugin's settings. What is of a wrong type is left out here, and
// told by the plugin's schema.
func settingsOf(p netconf.Plugin) settings {
	var s settings
	_ = json.Unmarshal(p.JSON(), &s) // the network was read before
	return s
}
