package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
)

const capabilityDevice = "deviceID"

// request is one thing that a selection asks the network's plugins for.
type request struct {
	key        string // of the annotation
	capability string // of CNI, and the key of runtimeConfig
	value      any
	legacy     string // CNI_ARGS pair of plugins that know no capabilities; empty: there is none
}

// requests are all that a selection asks the network's plugins for.
func (s Selection) requests() []request {
	var all []request
	if len(s.IPs) > 0 {
		all = append(all, request{"ips", "ips", s.IPs, "IP=" + strings.Join(s.IPs, ",")})
	}
	if s.MAC != "" {
		all = append(all, request{"mac", "mac", s.MAC, "MAC=" + s.MAC})
	}
	if len(s.PortMappings) > 0 {
		all = append(all, request{"portMappings", "portMappings", s.PortMappings, ""})
	}
	if s.Bandwidth != (Bandwidth{}) {
		all = append(all, request{"bandwidth", "bandwidth", s.Bandwidth, ""})
	}
	if s.InfinibandGUID != "" {
		all = append(all, request{"infiniband-guid", "infinibandGUID", s.InfinibandGUID, ""})
	}
	return all
}

// request puts the selection's requests into values. One that no plugin of the
// network can meet is refused, or goes into CNI_ARGS where that is configured
// (multi-network specification 4.1.2.1.3.2 and its like).
func (d *draft) request(a *Attachment, w wanted, values map[string]json.RawMessage) error {
	var all faults
	for _, r := range w.selection.requests() {
		switch {
		case a.Config.Declares(r.capability):
			all.add(set(values, r.capability, r.value))
		case r.legacy != "" && d.planner.Conf.UnsupportedRequests == config.UnsupportedLegacy:
			a.Args = withPair(a.Args, r.legacy)
		default:
			all.addf(`%s: %s: no plugin of the network declares the capability %q; add "capabilities": {%q: true} to a plugin of %s that supports it, or take the key out of the annotation`,
				a, r.key, r.capability, r.capability, d.networks[w.source].object)
		}
	}
	return all.err()
}

// withPair appends a pair to CNI_ARGS.
func withPair(args, pair string) string {
	if args == "" || strings.HasSuffix(args, ";") {
		return args + pair
	}
	return fmt.Sprintf("%s;%s", args, pair)
}
