package netconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// MarshalJSON writes the normalised list configuration, null for the zero List.
func (l List) MarshalJSON() ([]byte, error) {
	if l.IsZero() {
		return []byte("null"), nil
	}
	o := object{}.with("cniVersion", quote(l.cniVersion)).with("name", quote(l.name))
	if l.disableCheck {
		o = o.with("disableCheck", json.RawMessage("true"))
	}
	if l.disableGC {
		o = o.with("disableGC", json.RawMessage("true"))
	}
	raws := make([][]byte, len(l.plugins))
	for i, p := range l.plugins {
		raws[i] = p.raw
	}
	plugins := slices.Concat([]byte("["), bytes.Join(raws, []byte(",")), []byte("]"))
	return o.with("plugins", plugins).json(), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. What was accepted once is accepted
// again: a record must be readable by a version of Multus with other rules.
func (l *List) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil
	}
	o, _, err := parseObject(data)
	if err != nil {
		return err
	}
	var out List
	if out.name, err = o.mustText("name"); err != nil {
		return err
	}
	if out.cniVersion, err = o.mustText("cniVersion"); err != nil {
		return err
	}
	check, _ := o.value("disableCheck")
	gc, _ := o.value("disableGC")
	out.disableCheck, out.disableGC = string(check) == "true", string(gc) == "true"
	value, _ := o.value("plugins")
	if len(value) == 0 || value[0] != '[' {
		return errors.New(`key "plugins": a list is expected`)
	}
	for i, e := range elements(value) {
		p, err := restore(e)
		if err != nil {
			return fmt.Errorf("plugins[%d]: %w", i, err)
		}
		out.plugins = append(out.plugins, p)
	}
	*l = out
	return nil
}

// restore reads a plugin object that was accepted before.
func restore(raw json.RawMessage) (Plugin, error) {
	if raw[0] != '{' {
		return Plugin{}, fmt.Errorf("an object is expected, found %s", Kind(raw))
	}
	o := split(raw)
	kind, err := o.mustText("type")
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
func (o object) mustText(key string) (string, error) {
	value, _ := o.value(key)
	if s, isText := text(value); isText && s != "" {
		return s, nil
	}
	return "", fmt.Errorf("key %q: a string is expected", key)
}
