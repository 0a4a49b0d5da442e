package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// maxShown is how many bytes of a JSON value messages show.
const maxShown = 80

// element is one element of an annotation while it is read.
type element struct {
	Selection
	annotation Annotation
	named      bool // the key name was there
	warnings   fault.Notes
}

// read reads an element of the JSON form. Keys are exact.
func (e *element) read(raw json.RawMessage) error {
	if rawjson.Kind(raw) != "an object" {
		return fmt.Errorf(`%w; write {"name": "net-a"}`, mustBe("an object", raw))
	}
	var faults fault.List
	err := members(raw, e.readKey)
	if !e.named {
		faults.Add(fault.Fault{Key: "name", What: "is missing", Cure: "name a network"})
	}
	faults.Add(err)
	if e.annotation.StrictClaims && len(e.IPs) > 0 && e.IPAMClaim != "" {
		faults.Add(errors.New(`ips, ipam-claim-reference: only one of the two can say where addresses come from; take one out, or set unsupportedRequests to "verify" (it is "fail")`))
	}
	return faults.Err()
}

// readKey reads one key of the element.
func (e *element) readKey(key string, raw json.RawMessage) (err error) {
	if e.annotation.Key == LegacyNetworksKey && key != "name" {
		e.ignore("", key)
		return nil
	}
	switch key {
	case "name":
		e.named = true
		check := checkName
		if e.annotation.Key == LegacyNetworksKey { // without a key for the namespace
			check = name.Object
		}
		e.Ref.Name, err = text(raw, check)
	case "namespace":
		namespace, err := text(raw, optional(name.Namespace))
		if namespace != "" {
			e.Ref.Namespace = namespace
		}
		return err
	case "interface":
		e.Interface, err = text(raw, optional(name.Interface))
	case "ips":
		e.IPs, err = list(raw, "an address", func(_ int, raw json.RawMessage) (string, error) { return text(raw, checkAddress) })
	case "mac":
		e.MAC, err = text(raw, optional(hardware("hardware address", "02:00:00:00:00:01")))
	case "infiniband-guid":
		e.InfinibandGUID, err = text(raw, hardware("GUID", "02:00:00:00:00:00:00:01"))
	case "portMappings":
		e.PortMappings, err = list(raw, "a mapping", e.portMapping)
	case "bandwidth":
		e.Bandwidth, err = e.bandwidth(raw)
	case "cni-args":
		e.CNIArgs, err = raw, members(raw, func(string, json.RawMessage) error { return nil })
	case "default-route":
		e.DefaultRoute = &DefaultRoute{}
		e.DefaultRoute.Gateways, err = list(raw, "", func(_ int, raw json.RawMessage) (string, error) { return text(raw, checkGateway) })
	case "ipam-claim-reference":
		e.IPAMClaim, err = text(raw, checkClaim)
	case "deviceID":
		e.DeviceID, err = e.deviceID(raw)
	default:
		e.ignore("", key)
	}
	return err
}

// keys are all that an element can have, and the objects within.
func keys() []string {
	return []string{
		"name", "namespace", "interface", "ips", "mac", "infiniband-guid", "portMappings", "bandwidth",
		"cni-args", "default-route", "ipam-claim-reference", "deviceID", "hostPort", "containerPort", "protocol",
		"ingressRate", "ingressBurst", "egressRate", "egressBurst",
	}
}

// ignore notes a key that the specification may define one day, or that is
// misspelt. Keys with a dot belong to others.
func (e *element) ignore(within, key string) {
	if strings.Contains(key, ".") {
		return
	}
	note := within + "unknown key " + fault.Quote(key) + " is ignored"
	switch near := meant(key); {
	case near == key: // known, but not here
	case strings.EqualFold(near, key):
		note += "; the key is spelt " + near
	case near != "" && within == "":
		note += "; did you mean " + near + "?"
	}
	e.warnings.Add(note)
}

// meant is the key that somebody had in mind who wrote an unknown one: those of other
// tools, and of the Go types of the specification, or one that looks alike.
func meant(key string) string {
	const shortest = 4 // two short words always look alike
	others := map[string]string{
		"gateway": "default-route", "gateways": "default-route", "gatewayrequest": "default-route",
		"interfacerequest": "interface", "interfacename": "interface", "ifname": "interface",
		"ip": "ips", "iprequest": "ips", "ipaddress": "ips", "address": "ips", "addresses": "ips",
		"macrequest": "mac", "macaddress": "mac", "ns": "namespace", "network": "name", "networkname": "name",
		"portmappingsrequest": "portMappings", "ports": "portMappings", "bandwidthrequest": "bandwidth",
		"infinibandguidrequest": "infiniband-guid", "args": "cni-args", "cniargs": "cni-args",
	}
	known := keys()
	i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) })
	other := others[strings.ToLower(key)]
	switch {
	case i >= 0:
		return known[i]
	case other != "" || len(key) < shortest:
		return other
	}
	return name.Nearest(key, known)
}

// members reads each member of an object with read; faults have its key.
func members(raw json.RawMessage, read func(key string, value json.RawMessage) error) error {
	object, err := rawjson.Nested(raw)
	var twice *rawjson.DuplicateError
	if err != nil && !errors.As(err, &twice) {
		return mustBe("an object", raw)
	}
	var faults fault.List
	seen := make(map[string]bool)
	for _, m := range object.Members() {
		err := errors.New("is given twice; keep one")
		if !seen[m.Key] {
			err = read(m.Key, m.Value)
		}
		seen[m.Key] = true
		faults.Add(fault.Under(fault.Key(m.Key), err))
	}
	return faults.Err()
}

// list reads each element of a list with read. Where the list must not be empty,
// element says what to name in it.
func list[T any](raw json.RawMessage, element string, read func(i int, raw json.RawMessage) (T, error)) ([]T, error) {
	elements, err := rawjson.Elements(raw)
	if err != nil {
		return nil, mustBe("a list", raw)
	}
	if len(elements) == 0 && element != "" {
		return nil, fmt.Errorf("is an empty list; name %s, or take the key out", element)
	}
	values := make([]T, len(elements))
	var faults fault.List
	for i, raw := range elements {
		values[i], err = read(i, raw)
		faults.Add(err)
	}
	return values, faults.Err()
}

// text reads a string that check takes.
func text(raw json.RawMessage, check func(string) error) (string, error) {
	s, isText := rawjson.Text(raw)
	if !isText {
		return "", mustBe("a string", raw)
	}
	if err := check(s); err != nil {
		return "", err
	}
	return s, nil
}

// optional lets the empty string count as absent.
func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}
