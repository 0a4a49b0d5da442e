package multus

import (
	"cmp"
	"encoding/json"
	"net"
	"slices"

	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// NetworkStatus is one entry of the pod annotation
// k8s.v1.cni.cncf.io/network-status (multi-network specification, section 5).
type NetworkStatus struct {
	Name         string          `json:"name"`
	Interface    string          `json:"interface,omitempty"`
	IPs          []string        `json:"ips,omitempty"`
	MAC          string          `json:"mac,omitempty"`
	MTU          int             `json:"mtu,omitempty"`
	Default      bool            `json:"default"`
	DNS          *types.DNS      `json:"dns,omitempty"`
	DefaultRoute *[]string       `json:"default-route,omitempty"`
	Gateway      []string        `json:"gateway,omitempty"`
	DeviceInfo   json.RawMessage `json:"device-info,omitempty"`
}

// statuses is the annotation's value: one entry for each attachment.
func statuses(rec state.Record) ([]NetworkStatus, error) {
	list := make([]NetworkStatus, 0, len(rec.Attachments))
	for _, a := range rec.Attachments {
		s, err := statusOf(a)
		if err != nil {
			return nil, about(a.Attachment, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// statusOf takes as much from the result as there is; name, interface and
// default are known without it.
func statusOf(a state.Attachment) (NetworkStatus, error) {
	s := NetworkStatus{Name: a.Network, Interface: a.Interface, Default: a.Master, DeviceInfo: a.DeviceInfo}
	if len(a.Result) == 0 {
		return s, nil
	}
	res, err := delegate.Parse(a.Result)
	if err != nil {
		return s, err
	}
	first := firstInSandbox(res.Interfaces)
	if first >= 0 {
		i := res.Interfaces[first]
		s.Interface, s.MAC, s.MTU = cmp.Or(i.Name, s.Interface), i.Mac, i.Mtu
	}
	for _, ip := range addressesOf(&res, first) {
		s.IPs = append(s.IPs, ip.Address.IP.String())
		s.Gateway = appendGateway(s.Gateway, ip.Gateway)
	}
	defaults := defaultGateways(res)
	for _, gw := range defaults {
		s.Gateway = appendGateway(s.Gateway, gw)
	}
	s.DNS = dnsOf(res.DNS)
	s.DefaultRoute = routeStatus(a.DefaultRoute, defaults)
	return s, nil
}

// firstInSandbox is the index of the first interface inside the sandbox, -1 for none.
func firstInSandbox(interfaces []*current.Interface) int {
	return slices.IndexFunc(interfaces, func(i *current.Interface) bool { return i != nil && i.Sandbox != "" })
}

// addressesOf are the addresses of the attachment: those of the interface in the
// sandbox, and those that belong to no interface at all, in both families. Departs
// from the multi-network specification, 5.3.3, which takes one address without an
// interface alone: calico tells of all its addresses so.
func addressesOf(res *current.Result, first int) []*current.IPConfig {
	var ips []*current.IPConfig
	for _, ip := range res.IPs {
		if ip.Interface == nil || *ip.Interface == first { // no index, or one that points nowhere
			ips = append(ips, ip)
		}
	}
	return ips
}

func appendGateway(list []string, gw net.IP) []string {
	if len(gw) == 0 || slices.Contains(list, gw.String()) {
		return list
	}
	return append(list, gw.String())
}

// defaultGateways are the gateways of the default routes. A route that names none
// goes through those of the addresses of its family (CNI specification, section 5).
func defaultGateways(res current.Result) []net.IP {
	var gws []net.IP
	for _, r := range res.Routes {
		ones, bits := r.Dst.Mask.Size()
		switch {
		case bits == 0 || ones > 0:
			continue
		case len(r.GW) > 0:
			gws = append(gws, r.GW)
			continue
		}
		for _, ip := range res.IPs {
			if _, theirs := ip.Address.Mask.Size(); theirs == bits && len(ip.Gateway) > 0 {
				gws = append(gws, ip.Gateway)
			}
		}
	}
	return gws
}

// dnsOf is what the specification lets a status say of DNS: no options.
func dnsOf(d types.DNS) *types.DNS {
	d.Options = nil
	if d.IsEmpty() {
		return nil
	}
	return &d
}

// routeStatus says the gateways that are in force for an attachment that was
// asked to carry the default route.
func routeStatus(asked *plan.DefaultRoute, defaults []net.IP) *[]string {
	if asked == nil {
		return nil
	}
	gws := append([]string{}, asked.Gateways...)
	if len(gws) == 0 {
		for _, gw := range defaults {
			gws = appendGateway(gws, gw)
		}
	}
	return &gws
}
