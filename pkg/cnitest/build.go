package cnitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ReferencePlugins is where the module that go.mod pins has the CNI project's plugins.
const ReferencePlugins = "github.com/containernetworking/plugins/plugins/"

const binariesVariable = "MULTUS_TEST_BINARIES"

// Binary is where a program that Run has built is; "" is their directory.
func Binary(name string) string { return filepath.Join(os.Getenv(binariesVariable), name) }

// Run builds the programs of packages, of this module or of others, and runs a
// package's tests with them. It returns the exit status.
func Run(m *testing.M, packages ...string) int {
	dir, err := os.MkdirTemp("", "multus-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = os.Setenv(binariesVariable, dir)
	}
	if err == nil {
		err = Build(dir, packages...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Build builds the programs of packages into a directory, as ./build does: their
// sizes are those of a release.
func Build(dir string, packages ...string) error {
	args := []string{"build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", dir + "/"}
	for _, p := range packages {
		if host, _, _ := strings.Cut(p, "/"); !strings.Contains(host, ".") {
			p = "github.com/multus-cni/multus/" + p
		}
		args = append(args, p)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}
