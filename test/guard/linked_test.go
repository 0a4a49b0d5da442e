package guard_test

import (
	"os"
	"os/exec"
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
