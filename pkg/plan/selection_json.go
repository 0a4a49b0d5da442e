package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// list reads the JSON form of the annotation.
func (r *reader) list(text string) {
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		r.faults.addf("annotation %s: %w", r.Key, r.where(err))
		return
	}
	if r.tooMany(len(elements)) {
		return
	}
	for i, raw := range elements {
		e := element{selection: Selection{Position: i + 1}, reader: r}
		e.read(raw)
		r.selections = append(r.selections, e.selection)
	}
}

// where says at which place of the annotation a syntax error is.
func (r *reader) where(err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	trimmed := strings.TrimLeftFunc(r.Text, unicode.IsSpace)
	at := len(r.Text) - len(trimmed) + max(int(syntax.Offset)-1, 0)
	before := r.Text[:at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// element is one element of the JSON form while it is read.
type element struct {
	*reader
	selection Selection
	faults    []error
}

// read fills in the selection, or notes all that is wrong with the element.
func (e *element) read(raw json.RawMessage) {
	members, err := object(raw)
	if err != nil {
		e.fault(e.selection, fmt.Errorf(`%w; write {"name": "net-a"}`, err))
		return
	}
	e.network(members)
	for _, m := range members {
		if err := e.member(m); err != nil {
			e.faults = append(e.faults, fmt.Errorf("%s: %w", quoteKey(m.key), err))
		}
	}
	if len(e.selection.IPs) > 0 && e.selection.IPAMClaim != "" {
		e.faults = append(e.faults, errors.New("ips, ipam-claim-reference: only one of the two can say where addresses come from; take one out"))
	}
	for _, err := range e.faults {
		e.fault(e.selection, err)
	}
}

// network reads the element's name first, for all messages about it.
func (e *element) network(members []member) {
	e.selection.Ref.Namespace = e.Namespace
	named := false
	for _, m := range members {
		switch m.key {
		case "name":
			named = true
			e.note(m.key, e.name(m.value))
		case "namespace":
			e.note(m.key, e.namespace(m.value))
		}
	}
	if !named {
		e.faults = append(e.faults, errors.New("name: is missing; name a network"))
	}
}

func (e *element) note(key string, err error) {
	if err != nil {
		e.faults = append(e.faults, fmt.Errorf("%s: %w", key, err))
	}
}

func (e *element) name(raw json.RawMessage) error {
	name, err := stringOf(raw)
	if err != nil {
		return err
	}
	if err := checkName(name); err != nil {
		return err
	}
	e.selection.Ref.Name = name
	return nil
}

func (e *element) namespace(raw json.RawMessage) error {
	namespace, err := stringOf(raw)
	if err != nil || namespace == "" {
		return err
	}
	if err := checkNamespace(namespace); err != nil {
		return err
	}
	e.selection.Ref.Namespace = namespace
	return nil
}

// member reads every key but the network's name.
func (e *element) member(m member) (err error) {
	s := &e.selection
	if m.again {
		return errors.New("is given twice; keep one")
	}
	switch m.key {
	case "name", "namespace":
	case "interface":
		s.Interface, err = interfaceName(m.value)
	case "ips":
		s.IPs, err = addresses(m.value)
	case "mac":
		s.MAC, err = mac(m.value)
	case "infiniband-guid":
		s.InfinibandGUID, err = guid(m.value)
	case "portMappings":
		s.PortMappings, err = e.portMappings(m.value)
	case "bandwidth":
		s.Bandwidth, err = e.bandwidth(m.value)
	case "cni-args":
		s.CNIArgs, err = cniArgs(m.value)
	case "default-route":
		s.DefaultRoute, err = defaultRoute(m.value)
	case "ipam-claim-reference":
		s.IPAMClaim, err = claim(m.value)
	case "deviceID":
		s.DeviceID, err = deviceID(m.value, e.DeviceIDs)
	default:
		e.unknown("", m.key)
	}
	return err
}

// unknown notes a key that the specification may define one day, or that is
// misspelt. Keys with a dot belong to others.
func (e *element) unknown(within, key string) {
	if strings.Contains(key, ".") {
		return
	}
	text := within + "unknown key " + quote(key) + " is ignored"
	for _, known := range []string{
		"name", "namespace", "interface", "ips", "mac", "infiniband-guid", "portMappings", "bandwidth",
		"cni-args", "default-route", "ipam-claim-reference", "deviceID", "hostPort", "containerPort", "protocol",
		"ingressRate", "ingressBurst", "egressRate", "egressBurst",
	} {
		if strings.EqualFold(known, key) {
			text += "; the key is spelt " + known
		}
	}
	e.warn(e.selection, text)
}
