package kube

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestLegacy(t *testing.T) {
	s := cnitest.NewAPIServer(t,
		`{"kind": "Network", "apiVersion": "kubernetes.com/v1", "metadata": {"name": "flannel", "namespace": "default"},
			"plugin": "flannel", "args": "[ { \"delegate\": { \"isDefaultGateway\": true }, \"vlan\": 9007199254740993 } ]"}`,
		nad("default", "nad", `{}`))
	there, not := plan.Ref{Namespace: "default", Name: "flannel"}, plan.Ref{Namespace: "default", Name: "nad"}
	got := dial(t, s).Definitions(within(t, 5*time.Second), plan.KindNetwork, []plan.Ref{there, not})
	want := `{"type":"flannel","delegate":{"isDefaultGateway":true},"vlan":9007199254740993}`
	if diff := cmp.Diff(plan.Definition{Config: want}, got[there].Definition); diff != "" {
		t.Error(diff)
	}
	if got[there].Err != nil {
		t.Error(got[there].Err)
	}
	fails(t, got[not].Err, plan.ErrNotFound)
	if n := len(s.Matching("GET", "/apis/kubernetes.com/v1/namespaces/default/networks/*")); n != 2 {
		t.Errorf("%d requests for Network objects, want 2: %v", n, s.Requests())
	}
}

func TestDecodeNetwork(t *testing.T) {
	const meta = `{"metadata":{"name":"a","namespace":"d"}`
	tests := map[string]struct{ body, want, fault string }{
		"list of one":    {body: meta + `,"plugin":"ptp","args":"[{\"name\":\"n\"}]"}`, want: `{"type":"ptp","name":"n"}`},
		"object":         {body: meta + `,"plugin":"ptp","args":"{\"mtu\":1}"}`, want: `{"type":"ptp","mtu":1}`},
		"no args":        {body: meta + `,"plugin":"ptp"}`, want: `{"type":"ptp"}`},
		"args null":      {body: meta + `,"plugin":"ptp","args":null}`, want: `{"type":"ptp"}`},
		"args an object": {body: meta + `,"plugin":"ptp","args":{"mtu":1}}`, fault: "args: a string is expected, found object"},
		"args broken":    {body: meta + `,"plugin":"ptp","args":"{"}`, fault: "args: line 1, column 2: the text ends"},
		"plugin a list":  {body: meta + `,"plugin":["ptp"]}`, fault: "plugin: a string is expected, found array"},
		"no plugin":      {body: meta + `,"args":"{\"type\":\"ptp\"}"}`, fault: "plugin"},
		"contradiction":  {body: meta + `,"plugin":"ptp","args":"{\"type\":\"bridge\"}"}`, fault: "contradicts"},
		"another one":    {body: `{"metadata":{"name":"b","namespace":"d"},"plugin":"ptp"}`, fault: "not the object that was asked for"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := decodeInto(&network{}, []byte(tt.body))
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("error %v, want %q", err, tt.fault)
			}
			if diff := cmp.Diff(tt.want, got.Config); diff != "" {
				t.Error(diff)
			}
		})
	}
}
