// Package pkg_test holds the architecture as a test: who may import whom, and
// the rules of style that a machine can check. docs/architecture.md is the
// same for people.
package pkg_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/multus-cni/multus/"

// layers is the drawing of docs/architecture.md: what of this module a package
// may import. Change it first, and say why in the commit.
//
// think: netconf config plan, upon basic; touch: state delegate kube kubelet
// manifest node; conduct: multus; people: trial lint doctor and the commands.
var layers = map[string][]string{
	"pkg/fault":   {},
	"pkg/regular": {},
	"pkg/rawjson": {"pkg/fault"},
	"pkg/name":    {"pkg/fault"},
	"pkg/rpc":     {"pkg/fault"},

	"pkg/netconf":  basic,
	"pkg/config":   with(basic, "pkg/netconf"),
	"pkg/plan":     think,
	"pkg/state":    think,
	"pkg/delegate": think,
	"pkg/kube":     think,
	"pkg/kubelet":  with(think, "pkg/rpc"),
	"pkg/devinfo":  think,
	"pkg/manifest": think,
	"pkg/node":     with(think, "pkg/kube", "pkg/state"),
	"pkg/metrics":  basic,
	"pkg/multus":   with(think, "pkg/state", "pkg/delegate", "pkg/devinfo", "pkg/metrics"),
	"pkg/lint":     with(think, "pkg/manifest"),
	"pkg/trial":    with(think, "pkg/state", "pkg/delegate", "pkg/manifest", "pkg/lint", "pkg/multus"),
	"pkg/doctor":   with(think, "pkg/kube", "pkg/state", "pkg/delegate", "pkg/manifest", "pkg/lint", "pkg/cri"),
	"pkg/cri":      with(basic, "pkg/rpc"),
	"pkg/logfile":  with(basic, "pkg/config", "pkg/netconf"),
	"pkg/cnitest":  think,
}

// basic packages are for all others.
var basic = []string{"pkg/fault", "pkg/name", "pkg/rawjson", "pkg/regular"}

var think = with(basic, "pkg/netconf", "pkg/config", "pkg/plan")

func with(packages []string, more ...string) []string { return slices.Concat(packages, more) }

// conduct may log, and alone may import everything but the fakes of tests.
var conduct = []string{"pkg/multus", "pkg/node", "cmd/multus"}

// harmful is what the thinking packages must not have in reach, not even
// through others: whoever reads them need not wonder what they might change.
var harmful = []string{"k8s.io/client-go", "github.com/vishvananda/netlink", "os/exec", "net/http", "github.com/containernetworking/cni/pkg/invoke"}

// tooMuch is what the binary must not link: their tables are built at every
// start, and a start is all that a plugin's run consists of. The types of all of
// Kubernetes' kinds and a typed client are, where metav1 and a few fields will do.
// Protocol buffers, OpenAPI and metrics come with what looks harmless.
var tooMuch = []string{
	"k8s.io/api", "k8s.io/client-go/kubernetes", "k8s.io/client-go/informers", "k8s.io/kube-openapi/pkg/validation",
	"github.com/google/gnostic", "github.com/google/gnostic-models", "github.com/gogo/protobuf", "github.com/golang/protobuf",
	"google.golang.org/protobuf", "google.golang.org/grpc", "github.com/prometheus/client_golang",
	"testing", "net/http/httptest", "github.com/google/go-cmp", module + "pkg/cnitest",
}

func TestImportsFollowTheDrawing(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || !strings.HasPrefix(f.pkg, "pkg/") {
			continue
		}
		allowed, known := layers[f.pkg]
		if !known {
			t.Errorf("%s: package %s has no place in the drawing; give it one in layers of pkg/arch_test.go and in docs/architecture.md", f.path, f.pkg)
			continue
		}
		for _, path := range f.imports() {
			own, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(allowed, own) {
				t.Errorf("%s: %s must not import %s: arrows point right only, see docs/architecture.md", f.path, f.pkg, own)
			}
		}
	}
}

func TestOnlyConductorsLog(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || slices.Contains(conduct, f.pkg) || strings.HasPrefix(f.pkg, "test/") {
			continue
		}
		for _, path := range f.imports() {
			if path == "github.com/sirupsen/logrus" || path == "log" || path == "log/slog" {
				t.Errorf("%s: imports %s; only %s log, others return errors", f.path, path, strings.Join(conduct, ", "))
			}
		}
	}
}

func TestThinkingPackagesAreHarmless(t *testing.T) {
	for _, pkg := range think {
		for _, dep := range deps(t, "./../"+pkg) {
			if within(dep, harmful) {
				t.Errorf("%s has %s in reach; what thinks must be unable to change anything", pkg, dep)
			}
		}
	}
}

func TestTheBinaryIsSmall(t *testing.T) {
	for _, dep := range deps(t, "./../cmd/multus") {
		if within(dep, tooMuch) {
			t.Errorf("cmd/multus links %s; `go mod why %s` tells through whom", dep, dep)
		}
	}
}

// deps is every package that a package links.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", pkg)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v\n%s", pkg, err, &stderr)
	}
	return strings.Fields(string(out))
}

// within tells whether a package is one of the trees.
func within(pkg string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return pkg == tree || strings.HasPrefix(pkg, tree+"/")
	})
}
