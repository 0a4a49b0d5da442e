package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
)

// request is one thing that a selection asks the network's plugins for.
type request struct {
	asked      bool
	key        string // of the annotation
	capability string // of CNI, and the key of runtimeConfig
	value      any
	pair       string // CNI_ARGS for plugins that know no capabilities; empty: there is none
}

// requests are all that a selection can ask the network's plugins for.
func (s Selection) requests() []request {
	return []request{
		{len(s.IPs) > 0, "ips", "ips", s.IPs, "IP=" + strings.Join(s.IPs, ",")},
		{s.MAC != "", "mac", "mac", s.MAC, "MAC=" + s.MAC},
		{len(s.PortMappings) > 0, "portMappings", "portMappings", s.PortMappings, ""},
		{s.Bandwidth != Bandwidth{}, "bandwidth", "bandwidth", s.Bandwidth, ""},
		{s.InfinibandGUID != "", "infiniband-guid", "infinibandGUID", s.InfinibandGUID, ""},
	}
}

// addRequests puts the selection's requests into values, the attachment's
// runtimeConfig. One that no plugin of the network declares goes into CNI_ARGS, to
// be compared with the result, or is refused (multi-network specification
// 4.1.2.1.3.2 and its like); unsupportedRequests says which.
func (d *draft) addRequests(a *Attachment, w wanted, values map[string]json.RawMessage) {
	policy := d.planner.Conf.UnsupportedRequests
	for _, r := range w.selection.requests() {
		switch {
		case !r.asked:
		case a.Config.Declares(r.capability):
			values[r.capability], _ = json.Marshal(r.value) // texts and numbers always marshal
		case r.pair == "" || policy == config.UnsupportedFail:
			d.faults.Add(undeclared(*a, r))
		default:
			a.Args = withPair(a.Args, r.pair)
		}
	}
	if policy == config.UnsupportedVerify && !a.Config.Declares("ips") {
		a.Verify.IPs = w.selection.IPs
	}
	if policy == config.UnsupportedVerify && !a.Config.Declares("mac") {
		a.Verify.MAC = w.selection.MAC
	}
}

// undeclared refuses a request that no plugin of the network declares.
func undeclared(a Attachment, r request) error {
	cure := "or take the key out of the annotation"
	if r.pair != "" {
		cure = `take the key out of the annotation, or set unsupportedRequests to "verify" (it is "fail")`
	}
	return fault.Fault{
		Subject: a.String(), Key: r.key,
		What: fmt.Sprintf("no plugin of the network declares the capability %q", r.capability),
		Cure: fmt.Sprintf(`add "capabilities": {%q: true} to a plugin of %s that supports it, %s`, r.capability, a.Source, cure),
	}
}

// withPair appends a pair to CNI_ARGS.
func withPair(args, pair string) string {
	return strings.TrimPrefix(strings.TrimSuffix(args, ";")+";"+pair, ";")
}
