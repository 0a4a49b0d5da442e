package plan_test

import (
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/plan"
)

// TestLargeConfigurationsAddUp: each selection of one definition has a copy of it,
// of which a pod may only have so much.
func TestLargeConfigurationsAddUp(t *testing.T) {
	const large = 1_000_000
	const most = plan.MaxConfigurations / (large + 100)
	config := `{"cniVersion":"1.0.0","type":"a","x":"` + strings.Repeat("y", large) + `"}`
	p := planner(t, &definitions{known: map[plan.Ref]plan.Definition{{Namespace: "default", Name: "a"}: {Config: config}}})
	for networks, refused := range map[int]bool{most: false, most + 1: true, plan.MaxNetworks - 1: true} {
		made, err := p.Plan(t.Context(), sandbox, web(strings.Repeat("a,", networks-1)+"a"))
		told := err != nil && strings.Contains(err.Error(), "pod default/web: the configurations of its networks have more than 16777216 bytes together")
		if told != refused || !refused && len(made.Attachments) != networks+1 {
			t.Errorf("%d networks: %d attachments, error %v", networks, len(made.Attachments), err)
		}
	}
}
