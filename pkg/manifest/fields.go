package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/multus-cni/multus/pkg/netconf"
)

// fields are the members of an object. Keys are exact, as the API server's are,
// where encoding/json's structs fold case.
type fields map[string]json.RawMessage

// fieldsOf reads an object.
func fieldsOf(raw json.RawMessage) (fields, error) {
	var f fields
	if err := json.Unmarshal(raw, &f); err != nil || f == nil {
		return nil, fmt.Errorf("%s where an object is expected", netconf.Kind(raw))
	}
	return f, nil
}

// object is the object under key; empty where there is none.
func (f fields) object(key string) (fields, error) {
	if !f.has(key) {
		return fields{}, nil
	}
	inner, err := fieldsOf(f[key])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return inner, nil
}

// text is the string under key; empty where there is none.
func (f fields) text(key string) (string, error) {
	if !f.has(key) {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(f[key], &s); err != nil {
		return "", fmt.Errorf("%s: %s where a string is expected", key, netconf.Kind(f[key]))
	}
	return s, nil
}

// list is the list under key; empty where there is none.
func (f fields) list(key string) ([]json.RawMessage, error) {
	if !f.has(key) {
		return nil, nil
	}
	var l []json.RawMessage
	if err := json.Unmarshal(f[key], &l); err != nil {
		return nil, fmt.Errorf("%s: %s where a list is expected", key, netconf.Kind(f[key]))
	}
	return l, nil
}

func (f fields) has(key string) bool {
	raw, ok := f[key]
	return ok && string(raw) != "null"
}
