package manifest

import (
	"cmp"
	"encoding/json"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// value is one value of a document: what was written, and where.
type value struct {
	node *yaml.Node // nil: it is not there, or null
	near *yaml.Node // what it is part of
	doc  *document
	path string // metadata.annotations; empty for the whole document
}

// fault notes what is wrong with the value.
func (v value) fault(what, cure string) { v.refuse(fault.Fault{What: what, Cure: cure}) }

// refuse notes what is wrong with the value where an error says it.
func (v value) refuse(err error) {
	v.doc.faults = append(v.doc.faults, fault.All(fault.At(v.place(), fault.Under(v.path, err)))...)
}

// place is file:line:column of the value, or of what lacks it.
func (v value) place() string { return v.doc.place(cmp.Or(v.node, v.near)) }

// at is the value under a key; not there where v is no object.
func (v value) at(key string) value {
	found := value{near: cmp.Or(v.node, v.near), doc: v.doc, path: strings.TrimPrefix(v.path+"."+key, ".")}
	if v.node == nil || v.node.Kind != yaml.MappingNode {
		return found
	}
	for i := 0; i < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == key && v.node.Content[i+1].Tag != "!!null" {
			found.node = v.node.Content[i+1]
		}
	}
	return found
}

// expect is the value under a key, if it is of the kind; anything else there is a fault.
func (v value) expect(key, kind, cure string) value {
	found := v.at(key)
	if found.node != nil && found.kind() != kind {
		found.fault(found.kind()+" where "+kind+" is expected", cure)
		found.node = nil
	}
	return found
}

func (v value) object(key string) value { return v.expect(key, "an object", "") }

func (v value) text(key, cure string) Text {
	found := v.expect(key, "a string", cure)
	return Text{Value: found.scalar(), at: found}
}

// list is the list under a key; anything else there is a fault.
func (v value) list(key string) (items []value) {
	if found := v.expect(key, "a list", ""); found.node != nil {
		for _, item := range found.node.Content {
			items = append(items, value{node: item, doc: v.doc, path: found.path})
		}
	}
	return items
}

// scalar is what is written of a string, number or the like; empty for anything else.
func (v value) scalar() string {
	if v.node == nil {
		return ""
	}
	return v.node.Value
}

// keys are those of an object, in the order of the file.
func (v value) keys() []string {
	var keys []string
	for i := 0; v.node != nil && v.node.Kind == yaml.MappingNode && i < len(v.node.Content); i += 2 {
		keys = append(keys, v.node.Content[i].Value)
	}
	return keys
}

// kind is what the value is, for people.
func (v value) kind() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	}
	raw, _ := v.json()
	return rawjson.Kind(raw)
}

// json is the value as JSON; a document of JSON as it was written. Of a document that
// was parsed it is there for every value.
func (v value) json() (json.RawMessage, error) {
	if v.node == v.doc.root.node && json.Valid(v.doc.text) {
		return v.doc.text, nil
	}
	var plain any
	if err := v.node.Decode(&plain); err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}
