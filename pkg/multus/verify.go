package multus

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// verify compares a result with the requests that were handed over although no plugin
// of the network declares them: one may have passed over them. A result that tells of
// nothing to compare with is a warning.
func verify(asked plan.Verify, result json.RawMessage) (warning string, err error) {
	if len(asked.IPs) == 0 && asked.MAC == "" {
		return "", nil
	}
	res, err := delegate.Parse(result)
	if err != nil {
		return "", err
	}
	var warnings []string
	first := firstInSandbox(res.Interfaces)
	switch {
	case asked.MAC == "":
	case first < 0 || res.Interfaces[first].Mac == "":
		warnings = append(warnings, "mac "+asked.MAC+" was asked for, and the result does not tell which one the interface has")
	case !sameMAC(asked.MAC, res.Interfaces[first].Mac):
		return "", fault.Fault{Key: "mac", What: fmt.Sprintf("%s was asked for, and the interface has %s: no plugin of the network declares the capability", asked.MAC, res.Interfaces[first].Mac),
			Cure: `declare the capability "mac" on a plugin that supports it, or set unsupportedRequests to "legacy"`}
	}
	var reported []string
	for _, ip := range addressesOf(&res, first) {
		reported = append(reported, ip.Address.IP.String())
	}
	for _, ip := range asked.IPs {
		switch {
		case len(reported) == 0:
			warnings = append(warnings, "address "+ip+" was asked for, and the result tells of none")
		case !contains(reported, ip):
			return "", fault.Fault{Key: "ips", What: fmt.Sprintf("%s was asked for, and the interface has %s: no plugin of the network declares the capability", ip, strings.Join(reported, ", ")),
				Cure: `declare the capability "ips" on a plugin that supports it, or set unsupportedRequests to "legacy"`}
		}
	}
	return strings.Join(warnings, "; "), nil
}

func sameMAC(one, other string) bool {
	a, errA := net.ParseMAC(one)
	b, errB := net.ParseMAC(other)
	return errA == nil && errB == nil && a.String() == b.String()
}

// contains tells whether an address, with or without a prefix length, is reported.
func contains(reported []string, asked string) bool {
	text, _, _ := strings.Cut(asked, "/")
	want, err := netip.ParseAddr(text)
	for _, r := range reported {
		if have, errHave := netip.ParseAddr(r); err == nil && errHave == nil && have.Unmap() == want.Unmap() {
			return true
		}
	}
	return false
}
