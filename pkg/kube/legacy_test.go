package kube

import (
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
