package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

const maxDeviceID = 253 // bytes

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

// portMapping reads one of portMappings; the protocol goes on in lower case, as
// the CNI conventions have it.
func (e *element) portMapping(i int, raw json.RawMessage) (PortMapping, error) {
	mapping := PortMapping{Protocol: "tcp"}
	err := members(raw, func(key string, value json.RawMessage) (err error) {
		switch key {
		case "hostPort":
			mapping.HostPort, err = positive[uint16](value)
		case "containerPort":
			mapping.ContainerPort, err = positive[uint16](value)
		case "protocol":
			mapping.Protocol, err = text(value, checkProtocol)
			mapping.Protocol = strings.ToLower(mapping.Protocol)
		default:
			e.ignore("portMappings: ", key)
		}
		return err
	})
	if err == nil && (mapping.HostPort == 0 || mapping.ContainerPort == 0) {
		err = errors.New("hostPort and containerPort are both needed")
	}
	return mapping, fault.Under(fmt.Sprintf("mapping %d", i+1), err)
}

func checkProtocol(s string) error {
	switch strings.ToLower(s) {
	case "tcp", "udp", "sctp":
		return nil
	}
	return fmt.Errorf("%s is no protocol for a port mapping; write TCP, UDP or SCTP", fault.Quote(s))
}

// bandwidth reads the key of that name. A burst says how far a rate may be
// exceeded and means nothing without it.
func (e *element) bandwidth(raw json.RawMessage) (Bandwidth, error) {
	var b Bandwidth
	limits := map[string]*uint64{"ingressRate": &b.IngressRate, "ingressBurst": &b.IngressBurst, "egressRate": &b.EgressRate, "egressBurst": &b.EgressBurst}
	err := members(raw, func(key string, value json.RawMessage) (err error) {
		limit, known := limits[key]
		if !known {
			e.ignore("bandwidth: ", key)
			return nil
		}
		*limit, err = positive[uint64](value)
		return err
	})
	switch {
	case err != nil:
	case b == Bandwidth{}:
		err = errors.New("says nothing; give ingressRate, egressRate or both")
	case b.IngressBurst > 0 && b.IngressRate == 0:
		err = errors.New("ingressBurst without ingressRate; give both")
	case b.EgressBurst > 0 && b.EgressRate == 0:
		err = errors.New("egressBurst without egressRate; give both")
	}
	return b, err
}

// positive reads a whole number above 0, exactly: no floating point on the way.
func positive[T uint16 | uint64](raw json.RawMessage) (T, error) {
	if rawjson.Kind(raw) != "a number" {
		return 0, mustBe("a whole number", raw)
	}
	largest := uint64(^T(0))
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || n == 0 || n > largest {
		return 0, mustBe(fmt.Sprintf("a whole number from 1 to %d", largest), raw)
	}
	return T(n), nil
}

// deviceID reads a device that the pod names itself. It becomes part of file
// names later on.
func (e *element) deviceID(raw json.RawMessage) (string, error) {
	if !e.annotation.DeviceIDs {
		return "", errors.New("a pod may not name a device itself; take the key out, or set allowPodDeviceID in the node's configuration")
	}
	return text(raw, func(id string) error {
		odd := func(r rune) bool { return r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
		if id == "" || len(id) > maxDeviceID || id == "." || id == ".." || strings.ContainsFunc(id, odd) {
			return fmt.Errorf("%s is no device ID; write one like 0000:18:02.5, with no / and no white space", fault.Quote(id))
		}
		return nil
	})
}
