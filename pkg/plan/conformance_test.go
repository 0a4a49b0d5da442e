package plan_test

import (
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/plan"
)

// TestLargeConfigurationsAddUp: each selection of one definition has a copy of it,
// of which a pod may only have so much.
func TestLargeConfigurationsAddUp(t *testing.T) {
	conf, err := config.Parse([]byte(`{"cniVersion":"1.1.0","name":"m","type":"multus","kubeconfig":"/k","delegates":[{"name":"d","type":"a"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const large = 1_000_000
	known := map[plan.Ref]plan.Definition{
		{Namespace: "ns1", Name: "a"}: {Config: `{"cniVersion":"1.0.0","type":"a","x":"` + strings.Repeat("y", large) + `"}`},
	}
	planner := plan.Planner{Conf: conf, Definitions: &definitions{known: known}}
	tests := []struct {
		name     string
		networks int
		refused  bool
	}{
		{"as many as are read", plan.MaxConfigurations / (large + 100), false},
		{"one more", plan.MaxConfigurations/(large+100) + 1, true},
		{"as many as can be named", plan.MaxNetworks - 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			selected := strings.Repeat("a,", tt.networks-1) + "a"
			pod := plan.Pod{Namespace: "ns1", Name: "p1", Annotations: map[string]string{plan.NetworksKey: selected}}
			made, err := planner.Plan(t.Context(), plan.Sandbox{ContainerID: "c1", IfName: "eth0"}, pod)
			if !tt.refused {
				if err != nil || len(made.Attachments) != tt.networks+1 {
					t.Errorf("%d attachments, error %v", len(made.Attachments), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "pod ns1/p1: the configurations of its networks have more than 16777216 bytes together") {
				t.Errorf("%d attachments, error %v", len(made.Attachments), err)
			}
		})
	}
}
