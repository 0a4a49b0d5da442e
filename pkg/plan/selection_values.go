package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"unicode"
)

const (
	ethernetAddress = 6 // bytes
	portGUID        = 8
)

func interfaceName(raw json.RawMessage) (string, error) {
	name, err := stringOf(raw)
	if err != nil || name == "" {
		return "", err
	}
	return name, CheckInterface(name)
}

// addresses reads ips: kept as they are written, so that what a plugin sees is
// what the pod says (multi-network specification 4.1.2.1.3).
func addresses(raw json.RawMessage) ([]string, error) {
	elements, err := array(raw)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, errors.New("is an empty list; name an address, or take the key out")
	}
	var ips []string
	var errs []error
	for _, element := range elements {
		ip, err := stringOf(element)
		if err == nil && !isAddress(ip) {
			err = fmt.Errorf("%s is no IP address; write 10.0.0.5, 10.0.0.5/24 or their like in IPv6", quote(ip))
		}
		errs = append(errs, err)
		ips = append(ips, ip)
	}
	return ips, joined(errs)
}

// isAddress tells whether text is an address, with or without a prefix length.
func isAddress(text string) bool {
	if strings.Contains(text, "/") {
		_, err := netip.ParsePrefix(text)
		return err == nil
	}
	ip, err := netip.ParseAddr(text)
	return err == nil && ip.Zone() == ""
}

func mac(raw json.RawMessage) (string, error) {
	address, err := stringOf(raw)
	if err != nil || address == "" {
		return "", err
	}
	if parsed, err := net.ParseMAC(address); err != nil || len(parsed) != ethernetAddress {
		return "", fmt.Errorf("%s is no hardware address of 6 bytes; write one like 02:00:00:00:00:01", quote(address))
	}
	return address, nil
}

func guid(raw json.RawMessage) (string, error) {
	id, err := stringOf(raw)
	if err != nil {
		return "", err
	}
	if parsed, err := net.ParseMAC(id); err != nil || len(parsed) != portGUID {
		return "", fmt.Errorf("%s is no GUID of 8 bytes; write one like 02:00:00:00:00:00:00:01", quote(id))
	}
	return id, nil
}

// portMappings reads the key of that name; the protocol goes on in lower case,
// as the CNI conventions have it.
func (e *element) portMappings(raw json.RawMessage) ([]PortMapping, error) {
	elements, err := array(raw)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		return nil, errors.New("is an empty list; name a mapping, or take the key out")
	}
	var mappings []PortMapping
	var errs []error
	for i, element := range elements {
		mapping, err := e.portMapping(element)
		if err != nil {
			err = fmt.Errorf("mapping %d: %w", i+1, err)
		}
		errs = append(errs, err)
		mappings = append(mappings, mapping)
	}
	return mappings, joined(errs)
}

func (e *element) portMapping(raw json.RawMessage) (PortMapping, error) {
	mapping := PortMapping{Protocol: "tcp"}
	host, container := false, false
	err := only(raw, func(m member) (err error) {
		switch m.key {
		case "hostPort":
			host = true
			mapping.HostPort, err = port(m.value)
		case "containerPort":
			container = true
			mapping.ContainerPort, err = port(m.value)
		case "protocol":
			mapping.Protocol, err = protocol(m.value)
		default:
			e.unknown("portMappings: ", m.key)
		}
		return err
	})
	if err == nil && !(host && container) {
		err = errors.New("hostPort and containerPort are both needed")
	}
	return mapping, err
}

func port(raw json.RawMessage) (uint16, error) {
	n, err := positive(raw, math.MaxUint16)
	return uint16(n), err
}

func protocol(raw json.RawMessage) (string, error) {
	name, err := stringOf(raw)
	if err != nil {
		return "", err
	}
	switch lower := strings.ToLower(name); lower {
	case "tcp", "udp", "sctp":
		return lower, nil
	}
	return "", fmt.Errorf("%s is no protocol for a port mapping; write TCP, UDP or SCTP", quote(name))
}

// bandwidth reads the key of that name. A burst says how far a rate may be
// exceeded and means nothing without it.
func (e *element) bandwidth(raw json.RawMessage) (Bandwidth, error) {
	var b Bandwidth
	err := only(raw, func(m member) (err error) {
		switch m.key {
		case "ingressRate":
			b.IngressRate, err = positive(m.value, math.MaxUint64)
		case "ingressBurst":
			b.IngressBurst, err = positive(m.value, math.MaxUint64)
		case "egressRate":
			b.EgressRate, err = positive(m.value, math.MaxUint64)
		case "egressBurst":
			b.EgressBurst, err = positive(m.value, math.MaxUint64)
		default:
			e.unknown("bandwidth: ", m.key)
		}
		return err
	})
	switch {
	case err != nil:
		return b, err
	case b == Bandwidth{}:
		return b, errors.New("says nothing; give ingressRate, egressRate or both")
	case b.IngressBurst > 0 && b.IngressRate == 0:
		return b, errors.New("ingressBurst without ingressRate; give both")
	case b.EgressBurst > 0 && b.EgressRate == 0:
		return b, errors.New("egressBurst without egressRate; give both")
	}
	return b, nil
}

func cniArgs(raw json.RawMessage) (json.RawMessage, error) {
	return raw, only(raw, func(member) error { return nil })
}

// defaultRoute reads the gateways; an empty list says something too.
func defaultRoute(raw json.RawMessage) (*DefaultRoute, error) {
	elements, err := array(raw)
	if err != nil {
		return nil, err
	}
	route := DefaultRoute{Gateways: []string{}}
	var errs []error
	for _, element := range elements {
		gateway, err := stringOf(element)
		if err == nil && !isGateway(gateway) {
			err = fmt.Errorf("%s is no gateway; write one IP address, with no prefix length", quote(gateway))
		}
		errs = append(errs, err)
		route.Gateways = append(route.Gateways, gateway)
	}
	return &route, joined(errs)
}

func isGateway(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && ip.Zone() == "" && !ip.IsUnspecified() && !ip.IsMulticast()
}

func claim(raw json.RawMessage) (string, error) {
	name, err := stringOf(raw)
	if err == nil && name == "" {
		err = errors.New("is empty; name an IPAMClaim, or take the key out")
	}
	return name, err
}

// deviceID reads a device that the pod names itself. It becomes part of file
// names later on.
func deviceID(raw json.RawMessage, allowed bool) (string, error) {
	if !allowed {
		return "", errors.New("a pod may not name a device itself; take the key out, or set allowPodDeviceID in the node's configuration")
	}
	id, err := stringOf(raw)
	if err != nil {
		return "", err
	}
	odd := func(r rune) bool { return r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if id == "" || len(id) > maxName || id == "." || id == ".." || strings.ContainsFunc(id, odd) {
		return "", fmt.Errorf("%s is no device ID; write one like 0000:18:02.5, with no / and no white space", quote(id))
	}
	return id, nil
}

// joined makes one error of several within one key; nil where there is none.
func joined(errs []error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(clip(strings.Join(texts, ", "), maxFaultText))
}
