package plan

import (
	"encoding/json"
	"fmt"

	"github.com/multus-cni/multus/pkg/fault"
)

// Selection is one element of a pod's annotation: a network that the pod asks
// for, and how (multi-network specification, section 4.1).
type Selection struct {
	// Position counts the elements of the annotation from 1. 0: nobody selected this.
	Position int
	// Ref is the network.
	Ref Ref
	// Interface is the name that the interface is to have; empty: any.
	Interface string
	// IPs are addresses to ask the network's plugins for, with or without a
	// prefix length, as they were written.
	IPs []string
	// MAC is the hardware address, as it was written.
	MAC string
	// InfinibandGUID is the port's GUID, as it was written.
	InfinibandGUID string
	// PortMappings are ports of the node to be mapped into the pod.
	PortMappings []PortMapping
	// Bandwidth limits the traffic; the zero value does not.
	Bandwidth Bandwidth
	// CNIArgs is a JSON object to be merged into args.cni of the network's plugins.
	CNIArgs json.RawMessage
	// DefaultRoute is there where the network is to carry the pod's default route.
	DefaultRoute *DefaultRoute
	// IPAMClaim names an IPAMClaim, for the network's own plugins to read.
	IPAMClaim string
	// DeviceID is a device that the pod names itself.
	DeviceID string
}

// PortMapping maps a port of the node to one of the pod.
type PortMapping struct {
	HostPort      uint16 `json:"hostPort"`
	ContainerPort uint16 `json:"containerPort"`
	Protocol      string `json:"protocol"` // tcp, udp or sctp
}

// Bandwidth limits an interface's traffic; what is 0 is not limited. Rates are in
// bits per second, bursts in bits.
type Bandwidth struct {
	IngressRate  uint64 `json:"ingressRate,omitempty"`
	IngressBurst uint64 `json:"ingressBurst,omitempty"`
	EgressRate   uint64 `json:"egressRate,omitempty"`
	EgressBurst  uint64 `json:"egressBurst,omitempty"`
}

// String is how error messages call the selection: element 2 (default/net-b).
func (s Selection) String() string {
	if s.Ref.Name == "" {
		return fmt.Sprintf("element %d", s.Position)
	}
	return fmt.Sprintf("element %d (%s)", s.Position, fault.Clip(s.Ref.String(), 80))
}
