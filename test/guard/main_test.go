// Package guard_test holds to what multus costs in figures that are the same on
// every machine: requests, files, syncs, processes, packages, bytes. Whoever has
// a good reason for more of them changes the number, and says why in the commit;
// whoever has none has found out in time. test/bench measures what depends on
// the machine.
package guard_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const binariesVariable = "MULTUS_GUARD_BINARIES"

// binary is where TestMain has built a command.
func binary(name string) string { return filepath.Join(os.Getenv(binariesVariable), name) }

// buildAndRun builds with what ./build gives to the linker, so that the size is that of a release.
func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "multus-guard-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv(binariesVariable, dir); err != nil {
		return 1, err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", dir+"/",
		"github.com/multus-cni/multus/cmd/multus", "github.com/multus-cni/multus/test/bench/noop")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return m.Run(), nil
}
