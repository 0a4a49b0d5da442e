package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// element is one element of an annotation while it is read.
type element struct {
	Selection
	annotation Annotation
	warnings   fault.Notes
}

// read reads an element of the JSON form. Keys are exact.
func (e *element) read(raw json.RawMessage) error {
	object, err := rawjson.Tolerant(rawjson.Nested(raw))
	if err != nil {
		return fmt.Errorf(`%w; write {"name": "net-a"}`, err)
	}
	var faults fault.List
	if _, named := object.Value("name"); !named {
		faults.Add(fault.Fault{Key: "name", What: "is missing", Cure: "name a network"})
	}
	faults.Add(e.fields("", e.keys()).Read(object))
	if e.annotation.StrictClaims && len(e.IPs) > 0 && e.IPAMClaim != "" {
		faults.Add(errors.New(`ips, ipam-claim-reference: only one of the two can say where addresses come from; take one out, or set unsupportedRequests to "verify" (it is "fail")`))
	}
	return faults.Err()
}

// keys are the keys of an element.
func (e *element) keys() map[string]rawjson.Setter {
	if e.annotation.Key == LegacyNetworksKey { // without a key for the namespace
		return map[string]rawjson.Setter{"name": rawjson.String(&e.Ref.Name, name.Object)}
	}
	return map[string]rawjson.Setter{
		"name":                 rawjson.String(&e.Ref.Name, checkName),
		"namespace":            rawjson.Optional(rawjson.String(&e.Ref.Namespace, name.Namespace)),
		"interface":            rawjson.Optional(rawjson.String(&e.Interface, name.Interface)),
		"ips":                  filled("an address", rawjson.Strings(&e.IPs, checkAddress)),
		"mac":                  rawjson.Optional(rawjson.String(&e.MAC, hardware("hardware address", "02:00:00:00:00:01"))),
		"infiniband-guid":      rawjson.String(&e.InfinibandGUID, hardware("GUID", "02:00:00:00:00:00:00:01")),
		"portMappings":         filled("a mapping", rawjson.List(&e.PortMappings, e.portMapping)),
		"bandwidth":            e.bandwidth,
		"cni-args":             e.cniArgs,
		"default-route":        e.defaultRoute,
		"ipam-claim-reference": rawjson.String(&e.IPAMClaim, checkClaim),
		"deviceID":             e.deviceID,
	}
}

// fields reads an object by the table of its keys. It notes a key that the
// specification may define one day, or that is misspelt. Keys with a dot belong to
// others.
func (e *element) fields(within string, keys map[string]rawjson.Setter) rawjson.Fields {
	return rawjson.Fields{Keys: keys, Unknown: func(key string) {
		if strings.Contains(key, ".") {
			return
		}
		note := within + "unknown key " + fault.Quote(key) + " is ignored"
		if near := meant(key, slices.Sorted(maps.Keys(keys))); near != "" {
			note += "; did you mean " + near + "?"
		}
		e.warnings.Add(note)
	}}
}

// meant is the key that somebody had in mind who wrote an unknown one: that of other
// tools, of the Go types of the specification, or one that looks alike.
func meant(key string, known []string) string {
	const shortest = 4 // two short words always look alike
	key = strings.TrimSuffix(strings.ToLower(key), "request")
	others := map[string]string{"gateway": "default-route", "gateways": "default-route", "ip": "ips", "ifname": "interface", "ns": "namespace", "args": "cni-args"}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) }); i >= 0 {
		return known[i]
	}
	other, listed := others[key]
	switch {
	case slices.Contains(known, other):
		return other
	case listed || len(key) < shortest:
		return ""
	}
	return name.Nearest(key, known)
}

// filled refuses an empty list.
func filled(element string, list rawjson.Setter) rawjson.Setter {
	return func(value json.RawMessage) error {
		if string(value) == "[]" {
			return fmt.Errorf("is an empty list; name %s, or take the key out", element)
		}
		return list(value)
	}
}

// portMapping reads one of portMappings; the protocol goes on in lower case, as
// the CNI conventions have it.
func (e *element) portMapping(into *PortMapping) rawjson.Setter {
	into.Protocol = "tcp"
	return func(value json.RawMessage) error {
		err := e.fields("portMappings: ", map[string]rawjson.Setter{
			"hostPort":      rawjson.Whole(&into.HostPort, 1, math.MaxUint16),
			"containerPort": rawjson.Whole(&into.ContainerPort, 1, math.MaxUint16),
			"protocol":      rawjson.Choice(&into.Protocol, "tcp", "udp", "sctp"),
		}).Nested(value)
		if err == nil && (into.HostPort == 0 || into.ContainerPort == 0) {
			err = errors.New("hostPort and containerPort are both needed")
		}
		return err
	}
}

// bandwidth reads the key of that name. A burst says how far a rate may be
// exceeded and means nothing without it.
func (e *element) bandwidth(value json.RawMessage) error {
	b := &e.Bandwidth
	err := e.fields("bandwidth: ", map[string]rawjson.Setter{
		"ingressRate":  rawjson.Whole(&b.IngressRate, 1, math.MaxUint64),
		"ingressBurst": rawjson.Whole(&b.IngressBurst, 1, math.MaxUint64),
		"egressRate":   rawjson.Whole(&b.EgressRate, 1, math.MaxUint64),
		"egressBurst":  rawjson.Whole(&b.EgressBurst, 1, math.MaxUint64),
	}).Nested(value)
	switch {
	case err != nil:
	case *b == Bandwidth{}:
		err = errors.New("says nothing; give ingressRate, egressRate or both")
	case b.IngressBurst > 0 && b.IngressRate == 0:
		err = errors.New("ingressBurst without ingressRate; give both")
	case b.EgressBurst > 0 && b.EgressRate == 0:
		err = errors.New("egressBurst without egressRate; give both")
	}
	return err
}

func (e *element) cniArgs(value json.RawMessage) error {
	e.CNIArgs = value
	_, err := rawjson.Nested(value)
	return err
}

func (e *element) defaultRoute(value json.RawMessage) error {
	e.DefaultRoute = &DefaultRoute{}
	return rawjson.Strings(&e.DefaultRoute.Gateways, checkGateway)(value)
}

// deviceID reads a device that the pod names itself.
func (e *element) deviceID(value json.RawMessage) error {
	if !e.annotation.DeviceIDs {
		return errors.New("a pod may not name a device itself; take the key out, or set allowPodDeviceID in the node's configuration")
	}
	return rawjson.String(&e.DeviceID, checkDevice)(value)
}
