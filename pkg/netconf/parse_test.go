package netconf_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
)

// parsed is the list as JSON, for comparisons to the byte.
func parsed(t *testing.T, conf, fallback string) (string, []string) {
	t.Helper()
	list, warnings, err := netconf.Parse([]byte(conf), fallback)
	cnitest.Must(t, err)
	got, err := list.MarshalJSON()
	cnitest.Must(t, err)
	return string(got), warnings
}

func TestParse(t *testing.T) {
	tests := map[string]struct{ conf, fallback, want string }{
		"list": {
			conf: `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"},{"type":"b"}]}`,
			want: `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"},{"type":"b"}]}`,
		},
		"lone plugin keeps all its members": {
			conf: `{"z":1,"cniVersion":"0.3.1","type":"a","name":"n","a":2}`,
			want: `{"cniVersion":"0.3.1","name":"n","plugins":[{"z":1,"cniVersion":"0.3.1","type":"a","name":"n","a":2}]}`,
		},
		"numbers, text and order survive, white space does not": {
			conf: "{ \"type\" : \"a\",\n\t\"n\": 9007199254740993, \"e\":1.50e+400, \"s\":\"<&> é \\u00e9 \\\\u003c\\\"\", \"n0\":-0 }",
			want: `{"cniVersion":"0.1.0","name":"f","plugins":[{"type":"a","n":9007199254740993,"e":1.50e+400,"s":"<&> é é \\u003c\"","n0":-0}]}`, fallback: "f",
		},
		"name missing":              {conf: `{"type":"a"}`, fallback: "net-a", want: `{"cniVersion":"0.1.0","name":"net-a","plugins":[{"type":"a"}]}`},
		"name empty":                {conf: `{"name":"","type":"a"}`, fallback: "net-a", want: `{"cniVersion":"0.1.0","name":"net-a","plugins":[{"name":"","type":"a"}]}`},
		"name with every character": {conf: `{"name":"0a..B_-","type":"a"}`, want: `{"cniVersion":"0.1.0","name":"0a..B_-","plugins":[{"name":"0a..B_-","type":"a"}]}`},
		"empty version is missing":  {conf: `{"cniVersion":"","name":"n","plugins":[{"type":"a"}]}`, want: `{"cniVersion":"0.1.0","name":"n","plugins":[{"type":"a"}]}`},
		"highest of the union":      {conf: `{"cniVersion":"0.4.0","cniVersions":["2.0.0","1.0.0","0.3.1"],"name":"n","plugins":[{"type":"a"}]}`, want: `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"}]}`},
		"cniVersion is in the union": {
			conf: `{"cniVersion":"1.1.0","cniVersions":["0.3.1"],"name":"n","plugins":[{"type":"a"}]}`,
			want: `{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"a"}]}`,
		},
		"union of a lone plugin": {
			conf: `{"cniVersion":"9.9.9","cniVersions":["0.3.1","1.0.0"],"name":"n","type":"a"}`,
			want: `{"cniVersion":"1.0.0","name":"n","plugins":[{"cniVersion":"9.9.9","cniVersions":["0.3.1","1.0.0"],"name":"n","type":"a"}]}`,
		},
		"flags as booleans": {
			conf: `{"name":"n","disableCheck":true,"disableGC":true,"loadOnlyInlinedPlugins":true,"plugins":[{"type":"a"}]}`,
			want: `{"cniVersion":"0.1.0","name":"n","disableCheck":true,"disableGC":true,"plugins":[{"type":"a"}]}`,
		},
		"flags as strings": {
			conf: `{"name":"n","disableCheck":"TRUE","disableGC":"False","plugins":[{"type":"a"}]}`,
			want: `{"cniVersion":"0.1.0","name":"n","disableCheck":true,"plugins":[{"type":"a"}]}`,
		},
		"flags of a lone plugin":     {conf: `{"name":"n","disableGC":true,"type":"a"}`, want: `{"cniVersion":"0.1.0","name":"n","plugins":[{"name":"n","disableGC":true,"type":"a"}]}`},
		"null capabilities":          {conf: `{"name":"n","plugins":[{"type":"a","capabilities":null}]}`, want: `{"cniVersion":"0.1.0","name":"n","plugins":[{"type":"a","capabilities":null}]}`},
		"list that has a type too":   {conf: `{"name":"n","type":"multus","plugins":[{"type":"a"}]}`, want: `{"cniVersion":"0.1.0","name":"n","plugins":[{"type":"a"}]}`},
		"escaped keys are keys":      {conf: `{"n\u0061me":"n","typ\u0065":"a"}`, want: `{"cniVersion":"0.1.0","name":"n","plugins":[{"name":"n","type":"a"}]}`},
		"escapes of another encoder": {conf: `{"name":"n","type":"a","s":"\u003c\u0026\u003e\u2028"}`, want: "{\"cniVersion\":\"0.1.0\",\"name\":\"n\",\"plugins\":[{\"name\":\"n\",\"type\":\"a\",\"s\":\"<&>\u2028\"}]}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, warnings := parsed(t, tt.conf, tt.fallback)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if len(warnings) > 0 {
				t.Errorf("warnings %q, want none", warnings)
			}
		})
	}
}

func TestParseDrops(t *testing.T) {
	tests := map[string]struct {
		conf, want string
		warnings   []string
	}{
		"reserved keys in every case": {
			conf: `{"name":"n","type":"a","prevResult":{},"PREVRESULT":1,"preVre\u017fult":1,"RuntimeConfig":{},"cni.dev/x":1,"CNI.Dev/valid-attachments":[],"cni.de":1}`,
			want: `{"name":"n","type":"a","cni.de":1}`,
			warnings: []string{
				`reserved key "prevResult" dropped`, `reserved key "PREVRESULT" dropped`, `reserved key "preVreſult" dropped`,
				`reserved key "RuntimeConfig" dropped`, `reserved key "cni.dev/x" dropped`, `reserved key "CNI.Dev/valid-attachments" dropped`,
			},
		},
		"other spellings of what is inserted": {
			conf: `{"name":"n","Name":"evil","type":"a","cniversion":"9","CAPABILITIES":{"ips":true}}`,
			want: `{"name":"n","type":"a"}`,
			warnings: []string{
				`key "Name" dropped: it is written "name"`, `key "cniversion" dropped: it is written "cniVersion"`,
				`key "CAPABILITIES" dropped: it is written "capabilities"`,
			},
		},
		"in a list": {
			conf: `{"cni.dev/attachments":[],"DisableGC":true,"name":"n","plugins":[{"type":"a"},{"type":"b","prevResult":{}}]}`,
			want: `{"type":"a"},{"type":"b"}`,
			warnings: []string{
				`reserved key "cni.dev/attachments" dropped`, `key "DisableGC" ignored: it is written "disableGC"`,
				`plugins[1] (b): reserved key "prevResult" dropped`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, warnings := parsed(t, tt.conf, "")
			want := `{"cniVersion":"0.1.0","name":"n","plugins":[` + tt.want + `]}`
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head = `{"cniVersion":"1.0.0","name":"n",`
	tests := map[string]struct{ conf, want string }{
		"no name":                   {`{"type":"a"}`, `name: is missing`},
		"name with a path":          {`{"name":"../etc","type":"a"}`, `name: "../etc": letters, digits, "_", "." and "-" are allowed, a letter or digit first`},
		"name beyond ASCII":         {`{"name":"é","type":"a"}`, `name: "é": letters, digits, "_", "." and "-" are allowed, a letter or digit first`},
		"name of another type":      {`{"name":5,"type":"a"}`, `name: a string is expected, found a number`},
		"name null":                 {`{"name":null,"type":"a"}`, `name: a string is expected, found null`},
		"version unsupported":       {`{"cniVersion":"1.1","name":"n","type":"a"}`, `cniVersion: "1.1": the supported versions are 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0`},
		"version of another type":   {`{"cniVersion":1,"name":"n","type":"a"}`, `cniVersion: a string is expected, found a number`},
		"versions of another type":  {`{"cniVersions":"1.0.0","name":"n","type":"a"}`, `cniVersions: a list is expected, found a string`},
		"versions null":             {`{"cniVersions":null,"name":"n","type":"a"}`, `cniVersions: a list is expected, found null`},
		"versions with null":        {`{"cniVersions":["1.0.0",null],"name":"n","type":"a"}`, `cniVersions: element 2: a string is expected, found null`},
		"plugins null":              {head + `"plugins":null}`, `plugins: a list is expected, found null`},
		"plugins an object":         {head + `"plugins":{"type":"a"}}`, `plugins: a list is expected, found an object`},
		"plugins misspelt":          {head + `"Plugins":[{"type":"a"}]}`, `Plugins: is written "plugins", and a plugin might take this one for it; correct it`},
		"plugin no object":          {head + `"plugins":[{"type":"a"},"b"]}`, `plugins[1]: an object is expected, found a string`},
		"plugin without type":       {head + `"plugins":[{}]}`, `plugins[0]: type: is missing`},
		"type empty":                {head + `"type":""}`, `type: "": the bare name of a plugin's binary is expected, without a path`},
		"type of another type":      {head + `"type":true}`, `type: a string is expected, found true or false`},
		"type with a path":          {head + `"type":"/bin/sh"}`, `type: "/bin/sh": the bare name of a plugin's binary is expected, without a path`},
		"type is the folder":        {head + `"type":"."}`, `type: ".": the bare name of a plugin's binary is expected, without a path`},
		"type is the folder above":  {head + `"type":".."}`, `type: "..": the bare name of a plugin's binary is expected, without a path`},
		"type with a NUL":           {head + `"type":"a\u0000"}`, `type: "a\x00": the bare name of a plugin's binary is expected, without a path`},
		"type in another case":      {head + `"type":"a","Type":"b"}`, `Type: is written "type", and a plugin might take this one for it; correct it`},
		"type misspelt only":        {head + `"TYPE":"b"}`, `2 faults: (1) type: is missing; (2) TYPE: is written "type", and a plugin might take this one for it; correct it`},
		"flag of another type":      {head + `"disableCheck":1,"plugins":[{"type":"a"}]}`, `disableCheck: true or false is expected, found 1`},
		"flag of another word":      {head + `"disableGC":"yes","plugins":[{"type":"a"}]}`, `disableGC: true or false is expected, found "yes"`},
		"capability no boolean":     {head + `"plugins":[{"type":"a","capabilities":{"ips":"true"}}]}`, `plugins[0] (a): capabilities: ips: true or false is expected, found a string`},
		"capabilities no object":    {head + `"plugins":[{"type":"a","capabilities":["ips"]}]}`, `plugins[0] (a): capabilities: an object is expected, found a list`},
		"duplicate at the top":      {head + `"name":"m","type":"a"}`, `name: is given twice; keep one`},
		"duplicate by escape":       {head + `"n\u0061me":"m","type":"a"}`, `name: is given twice; keep one`},
		"duplicate in a plugin":     {head + `"plugins":[{"type":"a","type":"b"}]}`, `plugins[0]: type: is given twice; keep one`},
		"duplicate in ipam":         {head + `"plugins":[{"type":"a","ipam":{"type":"b","type":"c"}}]}`, `plugins[0] (a): ipam: type: is given twice; keep one`},
		"duplicate in args":         {head + `"type":"a","args":{"cni":1,"cni":2}}`, `args: cni: is given twice; keep one`},
		"duplicate in capabilities": {head + `"type":"a","capabilities":{"ips":false,"ips":true}}`, `capabilities: ips: is given twice; keep one`},
		"all faults at once":        {`{"name":"/","plugins":[{"type":"a/b"},{"type":""}]}`, "3 faults: (1) name: \"/\": letters, digits, \"_\", \".\" and \"-\" are allowed, a letter or digit first; (2) plugins[0]: type: \"a/b\": the bare name of a plugin's binary is expected, without a path; (3) plugins[1]: type: \"\": the bare name of a plugin's binary is expected, without a path"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list, _, err := netconf.Parse([]byte(tt.conf), "")
			if err == nil {
				t.Fatalf("accepted as %s", toJSON(t, list))
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if !list.IsZero() {
				t.Errorf("a list beside the error: %s", toJSON(t, list))
			}
		})
	}
}

func TestParseNoPlugins(t *testing.T) {
	for name, conf := range map[string]string{
		"empty list":         `{"name":"n","plugins":[]}`,
		"neither form":       `{"name":"n"}`,
		"inlined ones alone": `{"name":"n","loadOnlyInlinedPlugins":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := netconf.Parse([]byte(conf), ""); !errors.Is(err, netconf.ErrNoPlugins) {
				t.Errorf("error %v, want ErrNoPlugins", err)
			}
		})
	}
}

func TestParseBounds(t *testing.T) {
	plugins := func(n int) string {
		return `{"name":"n","plugins":[` + strings.Repeat(`{"type":"a"},`, n-1) + `{"type":"a"}]}`
	}
	nested := func(n int) string {
		return `{"name":"n","type":"a","x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	padded := func(n int) string {
		const conf = `{"name":"n","type":"a","x":""}`
		return conf[:len(conf)-2] + strings.Repeat("x", n-len(conf)) + conf[len(conf)-2:]
	}
	tests := map[string]struct {
		conf string
		ok   bool
	}{
		"most plugins":     {plugins(100), true},
		"too many plugins": {plugins(101), false},
		"deepest":          {nested(1000), true},
		"too deep":         {nested(1001), false},
		"far too deep":     {nested(100000), false},
		"longest":          {padded(netconf.MaxSize), true},
		"too long":         {padded(netconf.MaxSize + 1), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := netconf.Parse([]byte(tt.conf), "")
			if (err == nil) != tt.ok {
				t.Errorf("error %v, want success: %v", err, tt.ok)
			}
		})
	}
}

func TestParseKeepsMessagesShort(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	many := strings.Repeat(`{"type":"`+long[:9000]+`/"},`, 99) + `{"type":""}`
	keys := ""
	for i := range 10_000 {
		keys += `"cni.dev/` + strings.Repeat("y", i%100) + string(rune('a'+i/100%26)) + string(rune('A'+i/2600)) + `":1,`
	}
	for name, conf := range map[string]string{
		"name":    `{"name":"/` + long + `","type":"a"}`,
		"type":    `{"name":"n","type":"` + long + `"}`,
		"version": `{"cniVersion":"` + long + `","name":"n","type":"a"}`,
		"key":     `{"name":"n","type":"a","` + long + `":1,"` + long + `":1}`,
		"text":    long,
		"plugins": `{"name":"n","plugins":[` + many + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := netconf.Parse([]byte(conf), "")
			if err == nil || len(err.Error()) > 4096 {
				t.Errorf("error of %d bytes, want at most 4096: %.100v", len(err.Error()), err)
			}
		})
	}
	t.Run("warnings", func(t *testing.T) {
		_, warnings, err := netconf.Parse([]byte(`{`+keys+`"name":"n","type":"a"}`), "")
		cnitest.Must(t, err)
		if len(warnings) != 33 || warnings[32] != "more warnings left out" {
			t.Errorf("%d warnings, want 32 and a line that there are more", len(warnings))
		}
	})
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	cnitest.Must(t, err)
	return string(out)
}
