package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/rawjson"
)

// Option is a key of the configuration that people set, as opposed to those that CNI,
// the runtime and the installer fill in.
type Option struct {
	Key  string
	Bool bool // it is true or false
}

// Options are all of them, by key.
func Options() []Option {
	filled := []string{"cniVersion", "name", "type", "capabilities", "runtimeConfig", "prevResult", validKey, olderValidKey, "delegates", "log_level", "retryDeleteOnError"}
	var options []Option
	table := (&reader{}).keys()
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(filled, key) {
			options = append(options, Option{Key: key, Bool: table[key](json.RawMessage("true")) == nil})
		}
	}
	return options
}

// Value is a text from a command line as the value of a key: as JSON where the key
// takes that, else as a string, else as a list with commas. What no key takes is
// left to Parse to refuse.
func Value(key, text string) json.RawMessage {
	list, _ := json.Marshal(strings.Split(text, ",")) // strings always marshal
	forms := []json.RawMessage{rawjson.Quote(text), list}
	if raw := json.RawMessage(text); rawjson.Check(raw) == nil {
		forms = slices.Insert(forms, 0, raw)
	}
	r := reader{conf: Default()}
	fields := r.fields("", r.keys())
	for _, form := range forms {
		if fields.Read(rawjson.New(rawjson.Member{Key: key, Value: form})) == nil {
			return form
		}
	}
	return forms[0]
}
