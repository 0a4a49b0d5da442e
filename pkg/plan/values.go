package plan

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/multus-cni/multus/pkg/fault"
)

// checkAddress takes an address with or without a prefix length.
func checkAddress(s string) error {
	_, noPrefix := netip.ParsePrefix(s)
	if ip, err := netip.ParseAddr(s); noPrefix != nil && (err != nil || ip.Zone() != "") {
		return fmt.Errorf("%s is no IP address; write 10.0.0.5, 10.0.0.5/24 or their like in IPv6", fault.Quote(s))
	}
	return nil
}

func checkGateway(s string) error {
	if ip, err := netip.ParseAddr(s); err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
		return fmt.Errorf("%s is no gateway; write one IP address, with no prefix length", fault.Quote(s))
	}
	return nil
}

// hardware checks hardware addresses of the same length as the example.
func hardware(what, example string) func(string) error {
	bytes := (len(example) + 1) / len("00:")
	return func(s string) error {
		if parsed, err := net.ParseMAC(s); err != nil || len(parsed) != bytes {
			return fmt.Errorf("%s is no %s of %d bytes; write one like %s", fault.Quote(s), what, bytes, example)
		}
		return nil
	}
}

func checkClaim(s string) error {
	if s == "" {
		return errors.New("is empty; name an IPAMClaim, or take the key out")
	}
	return nil
}

// checkDevice takes what can be part of a file's name.
func checkDevice(id string) error {
	odd := func(r rune) bool { return r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if id == "" || len(id) > 253 || id == "." || id == ".." || strings.ContainsFunc(id, odd) {
		return fmt.Errorf("%s is no device ID; write one like 0000:18:02.5, with no / and no white space", fault.Quote(id))
	}
	return nil
}
