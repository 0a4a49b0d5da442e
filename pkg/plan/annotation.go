package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Keys of annotations: those of pods that select networks, tell what came of it, and
// have the UID by which the kubelet knows a static pod; that of a network that names the
// resource of its devices.
const (
	NetworksKey       = "k8s.v1.cni.cncf.io/networks"
	DefaultNetworkKey = "v1.multus-cni.io/default-network"
	LegacyNetworksKey = "networks" // of the older Network objects
	NetworkStatusKey  = "k8s.v1.cni.cncf.io/network-status"
	StaticUIDKey      = "kubernetes.io/config.hash" // the API server's copy of the pod has another UID
	ResourceKey       = "k8s.v1.cni.cncf.io/resourceName"
)

const (
	// MaxAnnotation is the size, in bytes, up to which an annotation is read: as
	// much as Kubernetes lets all annotations of an object have together.
	MaxAnnotation = 256 << 10
	// MaxNetworks is how many networks one pod can have.
	MaxNetworks = 256
)

// Annotation is a pod annotation that selects networks, in either form: a comma
// list of [namespace/]name[@interface], or a JSON list of objects. That of
// LegacyNetworksKey is a JSON list of objects with a name and nothing else.
type Annotation struct {
	Key          string // for messages
	Text         string
	Namespace    string // where unqualified names live
	DeviceIDs    bool   // whether an element may name a deviceID
	StrictClaims bool   // whether ips and ipam-claim-reference exclude each other
}

// Selections reads the annotation. The error holds every fault of it, each with
// its element, key and cure; of an annotation with a fault nothing is selected
// (multi-network specification, section 4.1.2.1). Warnings are about keys that
// are ignored.
//
// The empty string counts as absent for mac, interface and namespace; a null is
// a fault for every key.
func (a Annotation) Selections() (selections []Selection, warnings []string, err error) {
	selections, warnings, err = a.read()
	if err != nil {
		return nil, warnings, err
	}
	return selections, warnings, nil
}

// read is Selections, with what could be read beside an error too: it is checked
// further, so that all faults are told at once.
func (a Annotation) read() (selections []Selection, warnings []string, err error) {
	items, isJSON, err := a.items()
	if err != nil {
		return nil, nil, fault.About("annotation "+a.Key, err)
	}
	var faults fault.List
	var notes fault.Notes
	for i, item := range items {
		e := element{Selection: Selection{Position: i + 1, Ref: Ref{Namespace: a.Namespace}}, annotation: a}
		if isJSON {
			err = e.read(json.RawMessage(item))
		} else {
			err = e.readItem(strings.TrimSpace(item))
		}
		faults.Add(fault.About(subject(a.Key, e.Selection), err))
		for _, note := range e.warnings {
			notes.Addf("%s: %s", subject(a.Key, e.Selection), note)
		}
		selections = append(selections, e.Selection)
	}
	faults.Add(a.checkUnique(selections))
	return selections, notes, faults.Err()
}

// items are the annotation's elements, each as it was written.
func (a Annotation) items() (items []string, isJSON bool, err error) {
	text := strings.TrimSpace(a.Text)
	switch first := text[:min(1, len(text))]; {
	case len(a.Text) > MaxAnnotation:
		return nil, false, fmt.Errorf("has %d bytes; at most %d are read", len(a.Text), MaxAnnotation)
	case first == "[":
		isJSON = true
		elements, err := rawjson.ParseList([]byte(a.Text))
		if err != nil {
			return nil, true, err
		}
		for _, raw := range elements {
			items = append(items, string(raw))
		}
	case first == "{", first == `"`, first != "" && a.Key == LegacyNetworksKey:
		return nil, false, fmt.Errorf(`a list is expected, not %s; write [{"name": "net-a"}]`, fault.Quote(text))
	case first != "":
		items = strings.Split(text, ",")
	}
	if len(items) > MaxNetworks {
		return nil, isJSON, fmt.Errorf("has %d elements; a pod can have %d networks", len(items), MaxNetworks)
	}
	return items, isJSON, nil
}

// subject is what messages call an element.
func subject(key string, s Selection) string { return "annotation " + key + ", " + s.String() }

// readItem reads one item of the form [namespace/]name[@interface].
func (e *element) readItem(item string) error {
	if item == "" {
		return errors.New("is empty; take a comma out, or write [namespace/]name[@interface]")
	}
	if strings.Count(item, "/") > 1 || strings.Count(item, "@") > 1 {
		return fmt.Errorf("%s: more than one / or @; write [namespace/]name[@interface]", fault.Quote(item))
	}
	network, iface, named := strings.Cut(item, "@")
	e.Ref.Name, e.Interface = network, iface
	if namespace, rest, qualified := strings.Cut(network, "/"); qualified {
		e.Ref = Ref{Namespace: namespace, Name: rest}
	}
	var faults fault.List
	faults.Add(e.Ref.check())
	if named {
		faults.Add(fault.Under("interface", name.Interface(iface)))
	}
	return faults.Err()
}

// check tells whether there can be an object of that name.
func (r Ref) check() error {
	if err := name.Namespace(r.Namespace); err != nil {
		return fault.Under("namespace", err)
	}
	return fault.Under("name", checkName(r.Name))
}

// checkName tells whether a network can have the name.
func checkName(text string) error {
	if namespace, rest, qualified := strings.Cut(text, "/"); qualified && name.Object(rest) == nil {
		return fmt.Errorf(`%s is no name of an object; write "namespace": %s, "name": %s`, fault.Quote(text), fault.Quote(namespace), fault.Quote(rest))
	}
	return name.Object(text)
}

// checkUnique refuses what only one element of an annotation can ask for.
func (a Annotation) checkUnique(selections []Selection) error {
	var faults fault.List
	var route *Selection
	owners := make(map[string]Selection)
	for i, s := range selections {
		if owner, taken := owners[s.Interface]; taken && s.Interface != "" {
			faults.Add(fault.Fault{Subject: subject(a.Key, s), Key: "interface", What: fmt.Sprintf("%s is what %s asks for already", fault.Quote(s.Interface), owner), Cure: "give each its own"})
		}
		owners[s.Interface] = s
		if s.DefaultRoute != nil && route != nil {
			faults.Add(fault.Fault{Subject: subject(a.Key, s), Key: "default-route", What: route.String() + " has this key already, and only one network can carry the default route", Cure: "take it out of one of them"})
		} else if s.DefaultRoute != nil {
			route = &selections[i]
		}
	}
	return faults.Err()
}
