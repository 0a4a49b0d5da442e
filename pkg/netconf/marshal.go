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
	var written struct {
		CNIVersion, Name        string
		DisableCheck, DisableGC bool
		Plugins                 []json.RawMessage
	}
	if err := json.Unmarshal(data, &written); err != nil || string(data) == "null" {
		return err
	}
	if written.Name == "" || written.CNIVersion == "" || written.Plugins == nil {
		return errors.New("no CNI list")
	}
	out := List{name: written.Name, cniVersion: written.CNIVersion, disableCheck: written.DisableCheck, disableGC: written.DisableGC}
	for i, raw := range written.Plugins {
		o, err := rawjson.Tolerant(rawjson.Parse(raw))
		kind, _ := o.Text("type")
		capabilities, wrong := readCapabilities(o)
		if err != nil || wrong != nil || kind == "" {
			return fmt.Errorf("plugins[%d]: no plugin", i)
		}
		out.plugins = append(out.plugins, Plugin{raw: o.JSON(), kind: kind, ipam: ipamTypes(o), capabilities: capabilities})
	}
	*l = out
	return nil
}
