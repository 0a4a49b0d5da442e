package guard_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/bench/timing"
)

// Bounds of the binary. Each package may have something to set up before main,
// and each page of it that is touched costs a fault, at every start of the plugin.
const (
	maxSize = 16_000_000              // bytes
	maxInit = 2500 * time.Microsecond // before main, on a machine with nothing else to do
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
	for p := range strings.FieldsSeq(string(out)) {
		heavy := func(tree string) bool { return p == tree || strings.HasPrefix(p, tree+"/") }
		if slices.ContainsFunc(tooHeavy(), heavy) {
			t.Errorf("cmd/multus links %s; `go mod why %s` tells through whom", p, p)
		}
	}
}

func TestSize(t *testing.T) {
	info, err := os.Stat(cnitest.Binary("multus"))
	if err != nil {
		t.Fatal(err)
	}
	if size := info.Size(); size > maxSize {
		t.Errorf("the binary has %d bytes, %d are allowed", size, maxSize)
	}
}

// TestInit takes the quickest of many starts: the others had to share the machine.
func TestInit(t *testing.T) {
	quickest := time.Hour
	for range 20 {
		cmd := exec.Command(cnitest.Binary("multus"), "version")
		cmd.Env = []string{"GODEBUG=inittrace=1"}
		var trace strings.Builder
		cmd.Stderr = &trace
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		quickest = min(quickest, timing.Init(trace.String()))
	}
	if quickest == 0 {
		t.Error("no package in the trace")
	}
	t.Logf("initialisation takes %s", quickest)
	if quickest > maxInit {
		t.Errorf("initialisation takes %s, %s are allowed; GODEBUG=inittrace=1 tells which package", quickest, maxInit)
	}
}
