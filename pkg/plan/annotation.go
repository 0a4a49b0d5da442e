package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Keys of the pod annotations that select networks.
const (
	NetworksKey       = "k8s.v1.cni.cncf.io/networks"
	DefaultNetworkKey = "v1.multus-cni.io/default-network"
	LegacyNetworksKey = "networks" // of the older Network objects
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
	r := reader{Annotation: a}
	text := strings.TrimSpace(a.Text)
	err = a.checkForm(text)
	switch {
	case err != nil:
		r.faults.Add(fault.About("annotation "+a.Key, err))
	case strings.HasPrefix(text, "["):
		r.list()
	case text != "":
		r.commaList(text)
	}
	r.checkUnique()
	if err := r.faults.Err(); err != nil {
		return nil, r.warnings, err
	}
	return r.selections, r.warnings, nil
}

// checkForm refuses what no annotation can be.
func (a Annotation) checkForm(text string) error {
	legacy := a.Key == LegacyNetworksKey
	switch {
	case len(a.Text) > MaxAnnotation:
		return fmt.Errorf("has %d bytes; at most %d are read", len(a.Text), MaxAnnotation)
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`):
		return fmt.Errorf(`a list is expected, not %s; write [{"name": "net-a"}] or net-a`, fault.Quote(text))
	case legacy && text != "" && text[0] != '[':
		return fmt.Errorf(`a JSON list is expected, not %s; write [{"name": "net-a"}]`, fault.Quote(text))
	}
	return nil
}

// reader reads one annotation and collects all that is wrong with it.
type reader struct {
	Annotation
	selections []Selection
	faults     fault.List
	warnings   fault.Notes
}

// subject is what messages call an element.
func (r *reader) subject(s Selection) string { return "annotation " + r.Key + ", " + s.String() }

// tooMany refuses an annotation for its length before its elements are looked at.
func (r *reader) tooMany(elements int) bool {
	if elements <= MaxNetworks {
		return false
	}
	r.faults.Addf("annotation %s: has %d elements; a pod can have %d networks", r.Key, elements, MaxNetworks)
	return true
}

// list reads the JSON form.
func (r *reader) list() {
	elements, err := rawjson.ParseList([]byte(r.Text))
	if err != nil {
		r.faults.Add(fault.About("annotation "+r.Key, err))
		return
	}
	if r.tooMany(len(elements)) {
		return
	}
	for i, raw := range elements {
		e := element{Selection: Selection{Position: i + 1, Ref: Ref{Namespace: r.Namespace}}, annotation: r.Annotation}
		r.take(e.read(raw), &e)
	}
}

// take adds what was read of one element, and what is wrong or odd about it.
func (r *reader) take(err error, e *element) {
	r.faults.Add(fault.About(r.subject(e.Selection), err))
	for _, note := range e.warnings {
		r.warnings.Addf("%s: %s", r.subject(e.Selection), note)
	}
	r.selections = append(r.selections, e.Selection)
}

// commaList reads the form [namespace/]name[@interface], separated by commas.
func (r *reader) commaList(text string) {
	items := strings.Split(text, ",")
	if r.tooMany(len(items)) {
		return
	}
	for i, item := range items {
		e := element{Selection: Selection{Position: i + 1}}
		r.take(e.readItem(strings.TrimSpace(item), r.Namespace), &e)
	}
}

// readItem reads one item of the comma form.
func (e *element) readItem(item, namespace string) error {
	if item == "" {
		return errors.New("is empty; take a comma out, or write [namespace/]name[@interface]")
	}
	if strings.Count(item, "/") > 1 || strings.Count(item, "@") > 1 {
		return fmt.Errorf("%s: more than one / or @; write [namespace/]name[@interface]", fault.Quote(item))
	}
	network, iface, named := strings.Cut(item, "@")
	if ns, name, qualified := strings.Cut(network, "/"); qualified {
		namespace, network = ns, name
	}
	e.Ref, e.Interface = Ref{Namespace: namespace, Name: network}, iface
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
	return fault.Under("name", name.Object(r.Name))
}

// checkUnique refuses what only one element of an annotation can ask for.
func (r *reader) checkUnique() {
	var route *Selection
	owners := make(map[string]Selection)
	for i, s := range r.selections {
		if owner, taken := owners[s.Interface]; taken && s.Interface != "" {
			r.faults.Addf("%s: interface: %s is what %s asks for already; give each its own", r.subject(s), fault.Quote(s.Interface), owner)
		}
		owners[s.Interface] = s
		if s.DefaultRoute == nil {
			continue
		}
		if route != nil {
			r.faults.Addf("%s: default-route: %s has this key already, and only one network can carry the default route; take it out of one of them", r.subject(s), *route)
		}
		route = &r.selections[i]
	}
}

// mustBe says that a value is of another kind than is expected.
func mustBe(expected string, found json.RawMessage) error {
	return fmt.Errorf("must be %s, not %s", expected, fault.Clip(string(found), maxShown))
}
