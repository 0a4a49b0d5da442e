package plan

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
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
// list of [namespace/]name[@interface], or a JSON list of objects.
type Annotation struct {
	Key       string // for messages
	Text      string
	Namespace string // where unqualified names live
	DeviceIDs bool   // whether an element may name a deviceID
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
	if err := a.readable(); err != nil {
		return nil, nil, faults{fmt.Errorf("annotation %s: %w", a.Key, err)}
	}
	text := strings.TrimSpace(a.Text)
	switch {
	case text == "":
		return nil, nil, nil
	case text[0] == '[':
		r.list(text)
	default:
		r.commaList(text)
	}
	r.once()
	warnings = clipWarnings(r.warnings)
	if len(r.faults) > 0 {
		return nil, warnings, r.faults
	}
	return r.selections, warnings, nil
}

// readable refuses what no annotation can be, in either form.
func (a Annotation) readable() error {
	text := strings.TrimSpace(a.Text)
	switch {
	case len(a.Text) > MaxAnnotation:
		return fmt.Errorf("has %d bytes; at most %d are read", len(a.Text), MaxAnnotation)
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`):
		return fmt.Errorf(`a list is expected, not %s; write [{"name": "net-a"}] or net-a`, quote(text))
	}
	return nil
}

// reader reads one annotation and notes all that is wrong with it.
type reader struct {
	Annotation
	selections []Selection
	faults     faults
	warnings   []string
}

// fault notes what is wrong with one element.
func (r *reader) fault(s Selection, err error) {
	r.faults.addf("annotation %s, %s: %w", r.Key, s, err)
}

// warn notes what is odd about one element.
func (r *reader) warn(s Selection, text string) {
	r.warnings = append(r.warnings, fmt.Sprintf("annotation %s, %s: %s", r.Key, s, text))
}

// tooMany refuses an annotation for its length before its elements are looked at.
func (r *reader) tooMany(elements int) bool {
	if elements <= MaxNetworks {
		return false
	}
	r.faults.addf("annotation %s: has %d elements; a pod can have %d networks", r.Key, elements, MaxNetworks)
	return true
}

// commaList reads the form [namespace/]name[@interface], separated by commas.
func (r *reader) commaList(text string) {
	items := strings.Split(text, ",")
	if r.tooMany(len(items)) {
		return
	}
	for i, item := range items {
		s := Selection{Position: i + 1}
		item = strings.TrimSpace(item)
		s, errs := s.fromItem(item, r.Namespace)
		for _, err := range errs {
			r.fault(s, err)
		}
		r.selections = append(r.selections, s)
	}
}

// fromItem reads one item of the comma form.
func (s Selection) fromItem(item, namespace string) (Selection, []error) {
	if item == "" {
		return s, []error{errors.New("is empty; take a comma out, or write [namespace/]name[@interface]")}
	}
	if strings.Count(item, "/") > 1 || strings.Count(item, "@") > 1 {
		return s, []error{fmt.Errorf("%s: more than one / or @; write [namespace/]name[@interface]", quote(item))}
	}
	network, iface, asked := strings.Cut(item, "@")
	if ns, name, qualified := strings.Cut(network, "/"); qualified {
		s.Ref = Ref{Namespace: ns, Name: name}
	} else {
		s.Ref = Ref{Namespace: namespace, Name: network}
	}
	var errs []error
	if err := s.Ref.check(); err != nil {
		errs = append(errs, err)
	}
	if err := CheckInterface(iface); asked && err != nil {
		errs = append(errs, fmt.Errorf("interface: %w", err))
	}
	s.Interface = iface
	return s, errs
}

// check tells whether there can be an object of that name.
func (r Ref) check() error {
	if err := checkNamespace(r.Namespace); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	if err := checkName(r.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	return nil
}

// once notes what only one element of an annotation may ask for.
func (r *reader) once() {
	var route *Selection
	owners := make(map[string]Selection)
	for i, s := range r.selections {
		if owner, taken := owners[s.Interface]; taken && s.Interface != "" {
			r.fault(s, fmt.Errorf("interface: %s is what %s asks for already; give each its own", quote(s.Interface), owner))
		}
		owners[s.Interface] = s
		if s.DefaultRoute == nil {
			continue
		}
		if route != nil {
			r.fault(s, fmt.Errorf("default-route: %s has this key already, and only one network can carry the default route; take it out of one of them", *route))
		}
		route = &r.selections[i]
	}
}
