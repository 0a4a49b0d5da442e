package deployments_test

import (
	"testing"

	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// TestChartLints: what `helm lint` says of the chart.
func TestChartLints(t *testing.T) {
	for _, m := range lint.All(deployments+"/chart", nil, "kube-system", true).Messages {
		if m.Severity > support.InfoSev {
			t.Error(m)
		}
	}
}
