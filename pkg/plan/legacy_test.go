package plan

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLegacyConfig(t *testing.T) {
	tests := map[string]struct{ plugin, args, want, fault string }{
		"list of one":     {plugin: "bridge", args: `[ {"mtu": 9007199254740993, "x": "<&>"} ]`, want: `{"type":"bridge","mtu":9007199254740993,"x":"<&>"}`},
		"object":          {plugin: "ptp", args: `{"a":1}`, want: `{"type":"ptp","a":1}`},
		"nothing":         {plugin: "ptp", want: `{"type":"ptp"}`},
		"empty object":    {plugin: "ptp", args: `{ }`, want: `{"type":"ptp"}`},
		"same type":       {plugin: "ptp", args: `{"type": "ptp"}`, want: `{"type":"ptp"}`},
		"other type":      {plugin: "ptp", args: `{"type": "bridge"}`, fault: "contradicts"},
		"type no string":  {plugin: "ptp", args: `{"type": 1}`, fault: "contradicts"},
		"no plugin":       {args: `{}`, fault: "plugin"},
		"path":            {plugin: "../x", fault: "plugin"},
		"two":             {plugin: "ptp", args: `[{},{}]`, fault: "a list of 2"},
		"none":            {plugin: "ptp", args: `[]`, fault: "a list of 0"},
		"null":            {plugin: "ptp", args: `null`, fault: "args: line 1, column 1: a JSON object is expected"},
		"list of a list":  {plugin: "ptp", args: `[[]]`, fault: "args: an object is expected"},
		"broken":          {plugin: "ptp", args: `{`, fault: "args: line 1, column 2: the text ends"},
		"second document": {plugin: "ptp", args: `{} {}`, fault: "args: line 1, column 4: text behind the end"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := LegacyConfig(tt.plugin, tt.args)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %q, %v, want an error with %q", got, err, tt.fault)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func FuzzLegacyConfig(f *testing.F) {
	f.Add("bridge", `[{"a":1}]`)
	f.Add("\xff\"", ` [ { } ] `)
	f.Add("x", `{"type":"x"}`)
	f.Fuzz(func(t *testing.T, plugin, args string) {
		conf, err := LegacyConfig(plugin, args)
		if err == nil && !json.Valid([]byte(conf)) {
			t.Errorf("no JSON: %s", conf)
		}
	})
}
