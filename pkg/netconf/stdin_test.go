package netconf_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
)

func TestStdin(t *testing.T) {
	values := map[string]json.RawMessage{
		"mac": json.RawMessage(`"02:00:00:00:00:01"`), "ips": json.RawMessage(`["10.0.0.1/24"]`), "empty": nil,
	}
	tests := map[string]struct {
		conf    string
		request netconf.Request
		want    string
	}{
		"appended": {
			conf: `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","n":9007199254740993,"s":"<&>é"}]}`,
			want: `{"type":"a","n":9007199254740993,"s":"<&>é","cniVersion":"1.0.0","name":"n"}`,
		},
		"replaced in place": {
			conf: `{"cniVersion":"1.0.0","name":"n","plugins":[{"name":{"of":"its own"},"type":"a","cniVersion":"0.1.0","x":1}]}`,
			want: `{"name":"n","type":"a","cniVersion":"1.0.0","x":1}`,
		},
		"no version is the oldest": {conf: `{"name":"n","type":"a"}`, want: `{"name":"n","type":"a","cniVersion":"0.1.0"}`},
		"empty name":               {conf: `{"name":"","type":"a"}`, want: `{"name":"net","type":"a","cniVersion":"0.1.0"}`},
		"capabilities": {
			conf:    `{"name":"n","type":"a","capabilities":{"ips":true,"mac":true,"empty":true,"dns":true},"x":1}`,
			request: netconf.Request{RuntimeConfig: values},
			want:    `{"name":"n","type":"a","x":1,"cniVersion":"0.1.0","runtimeConfig":{"ips":["10.0.0.1/24"],"mac":"02:00:00:00:00:01"}}`,
		},
		"capability declared false": {
			conf:    `{"name":"n","type":"a","capabilities":{"ips":false,"mac":true}}`,
			request: netconf.Request{RuntimeConfig: values},
			want:    `{"name":"n","type":"a","cniVersion":"0.1.0","runtimeConfig":{"mac":"02:00:00:00:00:01"}}`,
		},
		"no capability": {
			conf:    `{"name":"n","type":"a","capabilities":{"dns":true}}`,
			request: netconf.Request{RuntimeConfig: values},
			want:    `{"name":"n","type":"a","cniVersion":"0.1.0"}`,
		},
		"result": {
			conf:    `{"name":"n","type":"a","prevResult":{"evil":1},"PrevResult":{"evil":2}}`,
			request: netconf.Request{PrevResult: json.RawMessage(`{"ips":[]}`)},
			want:    `{"name":"n","type":"a","cniVersion":"0.1.0","prevResult":{"ips":[]}}`,
		},
		"garbage collection": {
			conf:    `{"name":"n","type":"a","cni.dev/attachments":["evil"]}`,
			request: netconf.Request{ValidAttachments: json.RawMessage(`[]`)},
			want:    `{"name":"n","type":"a","cniVersion":"0.1.0","cni.dev/valid-attachments":[],"cni.dev/attachments":[]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list := mustParse(t, tt.conf)
			got := string(list.Stdin(list.Plugins()[0], tt.request))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("standard input (-want +got):\n%s", diff)
			}
		})
	}
}

// A record may be damaged by hand; even then a plugin reads what the list says.
func TestStdinOfAnUncheckedRecord(t *testing.T) {
	var list netconf.List
	const record = `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","name":"x","name":"y","NAME":"z","CniVersion":"9","Prevresult":{},"CAPABILITIES":{}}]}`
	if err := json.Unmarshal([]byte(record), &list); err != nil {
		t.Fatal(err)
	}
	const want = `{"type":"a","name":"n","cniVersion":"1.0.0"}`
	if diff := cmp.Diff(want, string(list.Stdin(list.Plugins()[0], netconf.Request{}))); diff != "" {
		t.Errorf("standard input (-want +got):\n%s", diff)
	}
}
