package guard_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Bounds of the binary. Each package may have something to set up before main,
// and each page of it that is touched costs a fault, at every start of the
// plugin. They are what there is now and a tenth: raise them in the commit that
// has a reason, lower them when something has gone.
const (
	maxPackages = 300
	maxSize     = 10_700_000
	mostSize    = 20_000_000 // whatever the reason
)

// tooHeavy are trees of packages that set up tables at every start.
func tooHeavy() []string {
	return []string{
		"k8s.io/api",                          // all of Kubernetes' kinds
		"k8s.io/client-go/kubernetes",         // a client for each of them, and the scheme
		"k8s.io/client-go/kubernetes/scheme",  //
		"k8s.io/client-go/informers",          //
		"github.com/google/gnostic",           // OpenAPI documents as protocol buffers
		"github.com/google/gnostic-models",    //
		"github.com/gogo/protobuf",            // reflection over all that is linked
		"github.com/golang/protobuf",          //
		"google.golang.org/protobuf",          //
		"google.golang.org/grpc",              //
		"k8s.io/kube-openapi/pkg/validation",  //
		"github.com/prometheus/client_golang", // metrics of a process that nobody can ask
	}
}

func TestLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/multus-cni/multus/cmd/multus").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if n := len(packages); n > maxPackages {
		t.Errorf("cmd/multus links %d packages, %d are allowed", n, maxPackages)
	}
	for _, p := range packages {
		heavy := func(tree string) bool { return p == tree || strings.HasPrefix(p, tree+"/") }
		if slices.ContainsFunc(tooHeavy(), heavy) {
			t.Errorf("cmd/multus links %s; `go mod why %s` tells through whom", p, p)
		}
	}
}

func TestSize(t *testing.T) {
	info, err := os.Stat(binary("multus"))
	if err != nil {
		t.Fatal(err)
	}
	if size := info.Size(); size > min(maxSize, mostSize) {
		t.Errorf("the binary has %d bytes, %d are allowed", size, min(maxSize, mostSize))
	}
}
