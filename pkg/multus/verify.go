package multus

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// verify compares a result with the requests that were handed over although no plugin
// of the network declares them: one may have passed over them. A result that tells of
// nothing to compare with is a warning.
func verify(asked plan.Verify, result json.RawMessage) (warnings fault.Notes, err error) {
	if len(asked.IPs) == 0 && asked.MAC == "" {
		return nil, nil
	}
	got, err := statusOf(state.Attachment{Result: result})
	if err != nil {
		return nil, err
	}
	switch {
	case asked.MAC == "":
	case got.MAC == "":
		warnings.Addf("mac %s was asked for, and the result does not tell which one the interface has", asked.MAC)
	case !sameMAC(asked.MAC, got.MAC):
		return nil, passedOver("mac", asked.MAC, got.MAC)
	}
	for _, ip := range asked.IPs {
		bare, _, _ := strings.Cut(ip, "/")
		switch {
		case len(got.IPs) == 0:
			warnings.Addf("address %s was asked for, and the result tells of none", ip)
		case !slices.Contains(got.IPs, net.ParseIP(bare).String()):
			return nil, passedOver("ips", ip, strings.Join(got.IPs, ", "))
		}
	}
	return warnings, nil
}

// passedOver says that a plugin did something else than it was asked for.
func passedOver(key, asked, got string) error {
	return fault.Fault{Key: key,
		What: fmt.Sprintf("%s was asked for, and the interface has %s: no plugin of the network declares the capability", asked, fault.Clip(got, 200)),
		Cure: fmt.Sprintf(`declare the capability %q on a plugin that supports it, or set unsupportedRequests to "legacy"`, key)}
}

func sameMAC(one, other string) bool {
	a, errA := net.ParseMAC(one)
	b, errB := net.ParseMAC(other)
	return errA == nil && errB == nil && a.String() == b.String()
}
