package netconf_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
)

func TestRoundTrip(t *testing.T) {
	encoders := map[string]func(any) ([]byte, error){
		"plain": json.Marshal,
		"indented": func(v any) ([]byte, error) {
			return json.MarshalIndent(v, "  ", "\t")
		},
		"without HTML escapes": func(v any) ([]byte, error) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			err := enc.Encode(v)
			return b.Bytes(), err
		},
	}
	lists := map[string]string{
		"text and numbers": `{"cniVersion":"1.0.0","name":"n","type":"a","n":123456789012345678901234567890,"f":1.0E+2,"s":"<&>é\u2028\u003c\\u003c\"\/\ud83d\ude00"}`,
		"flags":            `{"name":"n","disableCheck":true,"disableGC":"TRUE","plugins":[{"type":"a","capabilities":{"ips":true}},{"type":"b","ipam":{"type":"c"}}]}`,
		"odd keys":         `{"name":"n","type":"a","":1,"<é\"\\":2,"\u0041":3}`,
	}
	for how, encode := range encoders {
		for what, conf := range lists {
			t.Run(what+" "+how, func(t *testing.T) {
				roundTrip(t, mustParse(t, conf), encode)
			})
		}
	}
}

func roundTrip(t *testing.T, list netconf.List, encode func(any) ([]byte, error)) {
	t.Helper()
	record, err := encode(map[string]any{"config": list})
	cnitest.Must(t, err)
	var back struct{ Config netconf.List }
	cnitest.Must(t, json.Unmarshal(record, &back))
	if !back.Config.Equal(list) {
		t.Errorf("%s came back as %s", toJSON(t, list), toJSON(t, back.Config))
	}
	for i, p := range list.Plugins() {
		q := back.Config.Plugins()[i]
		if diff := cmp.Diff(p.Runs(), q.Runs()); diff != "" || p.Declares("ips") != q.Declares("ips") {
			t.Errorf("plugin %d is understood otherwise (-before +after):\n%s", i, diff)
		}
	}
}

func TestZeroRoundTrip(t *testing.T) {
	if got := toJSON(t, netconf.List{}); got != "null" {
		t.Errorf("the zero list is %s, want null", got)
	}
	var list netconf.List
	if err := json.Unmarshal([]byte(" null "), &list); err != nil || !list.IsZero() {
		t.Errorf("null became %s, %v", toJSON(t, list), err)
	}
}

// What an older version wrote is read, even if it would not be accepted today.
func TestUnmarshalKnowsNoPolicy(t *testing.T) {
	for name, record := range map[string]string{
		"version": `{"cniVersion":"9.9.9","name":"n","plugins":[{"type":"a"}]}`,
		"name":    `{"cniVersion":"1.0.0","name":"a/b","plugins":[{"type":"a"}]}`,
		"key":     `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","TYPE":"b","prevResult":{},"x":1,"x":2}]}`,
		"none":    `{"cniVersion":"1.0.0","name":"n","plugins":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var list netconf.List
			cnitest.Must(t, list.UnmarshalJSON([]byte(record)))
			if diff := cmp.Diff(record, toJSON(t, list)); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnmarshalRefusesGarbage(t *testing.T) {
	for _, record := range []string{
		``, `{`, `[]`, `"x"`, `{}`, `{"name":"n"}`, `{"cniVersion":"1.0.0","name":5,"plugins":[]}`,
		`{"cniVersion":"1.0.0","name":"","plugins":[]}`, `{"cniVersion":"","name":"n","plugins":[]}`,
		`{"cniVersion":"1.0.0","name":"n","plugins":null}`, `{"cniVersion":"1.0.0","name":"n","plugins":[1]}`,
		`{"cniVersion":"1.0.0","name":"n","plugins":[{}]}`, `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":1}]}`,
		`{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","capabilities":1}]}`, "{\"name\":\"\xff\"}",
	} {
		t.Run(record, func(t *testing.T) {
			list := mustParse(t, `{"name":"kept","type":"a"}`)
			if err := list.UnmarshalJSON([]byte(record)); err == nil {
				t.Errorf("read as %s", toJSON(t, list))
			}
			if list.Name() != "kept" {
				t.Errorf("the list became %s beside the error", toJSON(t, list))
			}
		})
	}
}
