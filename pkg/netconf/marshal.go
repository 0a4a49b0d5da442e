package netconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/multus-cni/multus/pkg/rawjson"
)

// MarshalJSON writes the normalised list configuration, null for the zero List.
func (l List) MarshalJSON() ([]byte, error) {
	if l.IsZero() {
		return []byte("null"), nil
	}
	o := rawjson.Object{}.With("cniVersion", rawjson.Quote(l.cniVersion)).With("name", rawjson.Quote(l.name))
	if l.disableCheck {
		o = o.With("disableCheck", json.RawMessage("true"))
	}
	if l.disableGC {
		o = o.With("disableGC", json.RawMessage("true"))
	}
	raws := make([][]byte, len(l.plugins))
	for i, p := range l.plugins {
		raws[i] = p.raw
	}
	plugins := slices.Concat([]byte("["), bytes.Join(raws, []byte(",")), []byte("]"))
	return o.With("plugins", plugins).JSON(), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. What was accepted once is accepted
// again: a record must be readable by a version of Multus with other rules.
func (l *List) UnmarshalJSON(data []byte) error {
	if rawjson.Kind(data) == "null" {
		return nil
	}
	o, err := rawjson.Parse(data)
	var twice *rawjson.DuplicateError
	if err != nil && !errors.As(err, &twice) {
		return err
	}
	var out List
	if out.name, err = mustText(o, "name"); err != nil {
		return err
	}
	if out.cniVersion, err = mustText(o, "cniVersion"); err != nil {
		return err
	}
	check, _ := o.Value("disableCheck")
	gc, _ := o.Value("disableGC")
	out.disableCheck, out.disableGC = string(check) == "true", string(gc) == "true"
	value, _ := o.Value("plugins")
	plugins, err := rawjson.Elements(value)
	if err != nil {
		return fmt.Errorf("plugins: %w", err)
	}
	for i, e := range plugins {
		p, err := restore(e)
		if err != nil {
			return fmt.Errorf("plugins[%d]: %w", i, err)
		}
		out.plugins = append(out.plugins, p)
	}
	*l = out
	return nil
}

// restore reads a plugin that was accepted before.
func restore(raw json.RawMessage) (Plugin, error) {
	o, err := rawjson.Nested(raw)
	var twice *rawjson.DuplicateError
	if err != nil && !errors.As(err, &twice) {
		return Plugin{}, err
	}
	kind, err := mustText(o, "type")
	if err != nil {
		return Plugin{}, err
	}
	capabilities, err := readCapabilities(o)
	if err != nil {
		return Plugin{}, err
	}
	return Plugin{raw: raw, kind: kind, ipam: ipamTypes(o), capabilities: capabilities}, nil
}

// mustText is the text under a key, which may not be empty.
func mustText(o rawjson.Object, key string) (string, error) {
	if s, isText := o.Text(key); isText && s != "" {
		return s, nil
	}
	return "", fmt.Errorf("%s: a string is expected", key)
}
