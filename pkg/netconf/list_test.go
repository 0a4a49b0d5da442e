package netconf_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
)

// mustParse is a list from JSON that is right.
func mustParse(t *testing.T, conf string) netconf.List {
	t.Helper()
	list, _, err := netconf.Parse([]byte(conf), "net")
	cnitest.Must(t, err)
	return list
}

// onlyPlugin is how the JSON of a list goes on behind its head.
func onlyPlugin(t *testing.T, l netconf.List) string {
	t.Helper()
	data, err := l.MarshalJSON()
	cnitest.Must(t, err)
	_, plugins, _ := bytes.Cut(data, []byte(`"plugins":`))
	return string(bytes.TrimSuffix(plugins, []byte("}")))
}

func TestWithArgs(t *testing.T) {
	tests := map[string]struct{ conf, args, want string }{
		"none before":       {`{"type":"a"}`, `{"k":"v"}`, `[{"type":"a","args":{"cni":{"k":"v"}}}]`},
		"beside other args": {`{"type":"a","args":{"x":{"y":1},"cni":{"j":1}},"z":1}`, `{"k":2}`, `[{"type":"a","args":{"x":{"y":1},"cni":{"j":1,"k":2}},"z":1}]`},
		"new value wins":    {`{"type":"a","args":{"cni":{"k":1,"j":1},"x":1}}`, `{"k":9007199254740993}`, `[{"type":"a","args":{"cni":{"k":9007199254740993,"j":1},"x":1}}]`},
		"every plugin":      {`{"plugins":[{"type":"a"},{"type":"b"}]}`, `{"k":"<&>é"}`, `[{"type":"a","args":{"cni":{"k":"<&>é"}}},{"type":"b","args":{"cni":{"k":"<&>é"}}}]`},
		"null args":         {`{"type":"a","args":null}`, `{"k":1}`, `[{"type":"a","args":{"cni":{"k":1}}}]`},
		"null cni":          {`{"type":"a","args":{"cni":null}}`, `{"k":1}`, `[{"type":"a","args":{"cni":{"k":1}}}]`},
		"nothing inside":    {`{"type":"a"}`, `{}`, `[{"type":"a","args":{"cni":{}}}]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := mustParse(t, tt.conf)
			was := toJSON(t, before)
			after, err := before.WithArgs(json.RawMessage(tt.args))
			cnitest.Must(t, err)
			if diff := cmp.Diff(tt.want, onlyPlugin(t, after)); diff != "" {
				t.Errorf("plugins (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(was, toJSON(t, before)); diff != "" {
				t.Errorf("the list itself changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestWithArgsRefuses(t *testing.T) {
	tests := map[string]struct{ conf, args, want string }{
		"args no object":   {`{"type":"a","args":[]}`, `{"k":1}`, `plugins[0] (a): args: an object is expected, found a list`},
		"cni no object":    {`{"type":"a","args":{"cni":"x"}}`, `{"k":1}`, `plugins[0] (a): args: cni: an object is expected, found a string`},
		"args misspelt":    {`{"type":"a","Args":{}}`, `{"k":1}`, `plugins[0] (a): Args: is written "args", and a plugin might take this one for it; correct it`},
		"cni misspelt":     {`{"type":"a","args":{"CNI":{}}}`, `{"k":1}`, `plugins[0] (a): args: CNI: is written "cni", and a plugin might take this one for it; correct it`},
		"cni twice inside": {`{"type":"a","args":{"cni":{"k":1,"k":2}}}`, `{"j":1}`, `plugins[0] (a): args: cni: k: is given twice; keep one`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := mustParse(t, tt.conf).WithArgs(json.RawMessage(tt.args))
			if err == nil {
				t.Fatalf("merged to %s", toJSON(t, got))
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithDevice(t *testing.T) {
	list := mustParse(t, `{"plugins":[{"deviceID":"old","type":"a","DEVICEID":"evil"},{"type":"b","PciBusId":"evil"}]}`)
	const want = `[{"deviceID":"0000:03:02.1","type":"a","pciBusID":"0000:03:02.1"},{"type":"b","deviceID":"0000:03:02.1","pciBusID":"0000:03:02.1"}]`
	if diff := cmp.Diff(want, onlyPlugin(t, list.WithDevice("0000:03:02.1"))); diff != "" {
		t.Errorf("plugins (-want +got):\n%s", diff)
	}
	const odd = "<\\\"é\u2028>"
	if diff := cmp.Diff(`[{"type":"a","deviceID":"`+odd+`","pciBusID":"`+odd+`"}]`,
		onlyPlugin(t, mustParse(t, `{"type":"a"}`).WithDevice("<\"é\u2028>"))); diff != "" {
		t.Errorf("plugins (-want +got):\n%s", diff)
	}
}

func TestEqual(t *testing.T) {
	const conf = `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","x":1}]}`
	tests := map[string]struct {
		other string
		want  bool
	}{
		"same":           {conf, true},
		"white space":    {`{"name":"n","cniVersion": "1.0.0", "plugins":[{ "type":"a", "x":1 }]}`, true},
		"name":           {`{"cniVersion":"1.0.0","name":"m","plugins":[{"type":"a","x":1}]}`, false},
		"version":        {`{"cniVersion":"1.1.0","name":"n","plugins":[{"type":"a","x":1}]}`, false},
		"flag":           {`{"cniVersion":"1.0.0","name":"n","disableGC":true,"plugins":[{"type":"a","x":1}]}`, false},
		"other flag":     {`{"cniVersion":"1.0.0","name":"n","disableCheck":true,"plugins":[{"type":"a","x":1}]}`, false},
		"order":          {`{"cniVersion":"1.0.0","name":"n","plugins":[{"x":1,"type":"a"}]}`, false},
		"further plugin": {`{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","x":1},{"type":"b"}]}`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := mustParse(t, conf).Equal(mustParse(t, tt.other)); got != tt.want {
				t.Errorf("equal: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDeclares(t *testing.T) {
	list := mustParse(t, `{"plugins":[{"type":"a","capabilities":{"mac":false,"ips":true}},{"type":"b","capabilities":{"x":true}}]}`)
	for capability, want := range map[string]bool{"ips": true, "x": true, "mac": false, "IPS": false, "": false} {
		if got := list.Declares(capability); got != want {
			t.Errorf("%q declared: %v, want %v", capability, got, want)
		}
	}
	list.Plugins()[0] = list.Plugins()[1] // of a copy
	if list.Plugins()[0].Declares("x") {
		t.Error("the first plugin declares what the second one does")
	}
}

func TestRuns(t *testing.T) {
	tests := map[string]struct {
		conf string
		want []string
	}{
		"type alone":     {`{"type":"a"}`, []string{"a"}},
		"ipam":           {`{"type":"a","ipam":{"type":"b"}}`, []string{"a", "b"}},
		"every spelling": {`{"type":"a","ipam":{"type":"b","TYPE":"c"},"IPAM":{"Type":"d"},"ipa\u006d2":{"type":"e"}}`, []string{"a", "b", "c", "d"}},
		"no names":       {`{"type":"a","ipam":{"type":5},"Ipam":"x","IPAm":{"type":""}}`, []string{"a"}},
		"paths too":      {`{"type":"a","ipam":{"type":"../../bin/sh"}}`, []string{"a", "../../bin/sh"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mustParse(t, tt.conf).Plugins()[0].Runs()); diff != "" {
				t.Errorf("binaries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		version, least string
		want           bool
	}{
		{"1.1.0", "1.0.0", true}, {"1.0.0", "1.0.0", true}, {"0.4.0", "1.0.0", false}, {"0.3.1", "0.3.0", true},
		{"", "0.1.0", false}, {"1.1", "0.1.0", false}, {"1.1.0", "", false}, {"2.0.0", "0.1.0", false}, {"x", "x", false},
	}
	for _, tt := range tests {
		if got := netconf.AtLeast(tt.version, tt.least); got != tt.want {
			t.Errorf("%q at least %q: %v, want %v", tt.version, tt.least, got, tt.want)
		}
	}
	for _, v := range []string{"1.1.0 ", "v1.1.0"} { // others are in config.TestParseIncompatibleVersion
		if netconf.Supports(v) {
			t.Errorf("%q is supported", v)
		}
	}
}
