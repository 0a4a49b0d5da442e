package netconf_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"cniVersion":"0.3.0","type":"awesome-plugin"}`,
		`{"cniVersion":"1.0.0","cniVersions":["1.1.0"],"name":"n","disableCheck":"TRUE","plugins":[{"type":"a","capabilities":{"ips":true}},{"type":"b","ipam":{"type":"c"}}]}`,
		`{"name":"n","type":"a","n":9007199254740993,"s":"<&>é\u2028\\u003c","prevResult":{},"CNI.DEV/x":1,"Name":"m"}`,
		`{"name":"n","type":"a","args":{"cni":{"k":1}},"deviceID":"x","DEVICEID":"y"}`,
		`{"name":"n","plugins":[{"type":"a","name":5,"cniVersion":null}]}`,
		`{"name":"n","plugins":[]}`, `{"plugins":null}`, `{"type":"a","type":"b"}`, `{"typ\u0065":"a"}`, `{"type":"\ud800"}`,
		`null`, `{"cniVersion":"1","name":"n","plugins":[{"type":"a","capabilities":[]}]}`, `{"n":`, `{"a":1,}`, `# {}`, `a: b`, "\ufeff{}", "{\"\xff\":1}", `{}{}`, strings.Repeat(`{"a":`, 2000), `"`, `{"\"`, "",
	} {
		f.Add([]byte(seed), "net-a")
	}
	f.Add([]byte(`{"type":"a"}`), " ")
	f.Fuzz(func(t *testing.T, conf []byte, fallback string) {
		before := bytes.Clone(conf)
		var record netconf.List // the text may be one of a record, too
		if record.UnmarshalJSON(conf) == nil {
			checkRecord(t, record)
		}
		list, _, err := netconf.Parse(conf, fallback)
		if !bytes.Equal(before, conf) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if !list.IsZero() {
				t.Fatalf("a list beside the error %v", err)
			}
			return
		}
		checkList(t, list)
		if with, err := list.WithArgs(json.RawMessage(`{"k":"<v>"}`)); err == nil {
			checkList(t, with.WithDevice("0000:01:00.0"))
		}
	})
}

// checkList checks what holds for every list that was accepted.
func checkList(t *testing.T, list netconf.List) {
	t.Helper()
	if name.Network(list.Name()) != nil || !netconf.Supports(list.CNIVersion()) {
		t.Fatalf("name %q, version %q", list.Name(), list.CNIVersion())
	}
	checkRecord(t, list)
	request := netconf.Request{
		RuntimeConfig: map[string]json.RawMessage{"ips": json.RawMessage(`[]`)},
		PrevResult:    json.RawMessage(`{}`), ValidAttachments: json.RawMessage(`[]`),
	}
	for _, p := range list.Plugins() {
		checkStdin(t, list, p, list.Stdin(p, request))
	}
}

// checkRecord checks what holds for every list that can be in a record.
func checkRecord(t *testing.T, list netconf.List) {
	t.Helper()
	var back netconf.List
	if err := json.Unmarshal([]byte(toJSON(t, list)), &back); err != nil || !back.Equal(list) {
		t.Fatalf("%s came back as %s, %v", toJSON(t, list), toJSON(t, back), err)
	}
	for _, p := range list.Plugins() {
		if stdin := list.Stdin(p, netconf.Request{}); !json.Valid(stdin) {
			t.Fatalf("standard input %s", stdin)
		}
	}
}

// checkStdin reads what a plugin is given in the way that a plugin reads it.
func checkStdin(t *testing.T, list netconf.List, p netconf.Plugin, stdin []byte) {
	t.Helper()
	var read struct {
		Type         string
		Name         string
		CNIVersion   string
		Capabilities json.RawMessage
		PrevResult   json.RawMessage
	}
	if err := json.Unmarshal(stdin, &read); err != nil {
		t.Fatalf("%s: %v", stdin, err)
	}
	if read.Type != p.Type() || read.Name != list.Name() || read.CNIVersion != list.CNIVersion() {
		t.Fatalf("a plugin reads %+v from %s", read, stdin)
	}
	if read.Capabilities != nil || string(read.PrevResult) != "{}" {
		t.Fatalf("a plugin reads %+v from %s", read, stdin)
	}
	count := map[string]int{}
	o, err := rawjson.Parse(stdin)
	if err != nil {
		return // longer or deeper than what is read; its JSON was checked above
	}
	for _, m := range o.Members() {
		count[strings.ToLower(m.Key)]++
	}
	if count["name"] != 1 || count["cniversion"] != 1 || count["type"] != 1 || count["prevresult"] != 1 {
		t.Fatalf("keys %v in %s", count, stdin)
	}
}
