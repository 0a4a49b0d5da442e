package deployments_test

import (
	"regexp"
	"testing"
)

// TestOneVersion: the image that is built, the one that is deployed, and the one that
// the documents name are of one version.
func TestOneVersion(t *testing.T) {
	want := ""
	for _, place := range []struct{ path, pattern string }{
		{"deployments/base/daemonset/daemonset.yaml", `image: ghcr\.io/multus-cni/multus:(\S+)`},
		{"deployments/chart/Chart.yaml", `appVersion: (\S+)`},
		{"images/Dockerfile", `ARG VERSION=(\S+)`},
		{"docs/deploying.md", `containers-storage:ghcr\.io/multus-cni/multus:([^` + "`" + `]+)`},
	} {
		found := regexp.MustCompile(place.pattern).FindSubmatch(read(t, "../../"+place.path))
		if found == nil {
			t.Fatalf("%s: no %s", place.path, place.pattern)
		}
		if want == "" {
			want = string(found[1])
		}
		if got := string(found[1]); got != want {
			t.Errorf("%s: %s, want %s", place.path, got, want)
		}
	}
}
