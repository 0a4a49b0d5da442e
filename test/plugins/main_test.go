// Package plugins_test runs the multus binary, as a container runtime would,
// with the reference plugins of the CNI project: real processes, real network
// namespaces, and the kernel asked what became of it. It needs root and nothing
// else: no cluster, and nothing on the machine is changed outside of namespaces
// and folders that end with the tests.
package plugins_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// referencePlugins come from the module that go.mod pins.
const referencePlugins = "github.com/containernetworking/plugins/plugins/"

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// binaries is where the tests find multus and the plugins, beside each other.
func binaries() string { return filepath.Join(os.Getenv(binariesVariable), "bin") }

const binariesVariable = "MULTUS_TEST_BINARIES"

func buildAndRun(m *testing.M) (int, error) {
	if os.Geteuid() != 0 {
		return m.Run(), nil // each test says why it is skipped
	}
	dir, err := os.MkdirTemp("", "multus-plugins-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv(binariesVariable, dir); err != nil {
		return 1, err
	}
	if err := build(binaries()); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func build(dir string) error {
	args := []string{"build", "-trimpath", "-o", dir + "/", "github.com/multus-cni/multus/cmd/multus"}
	for _, plugin := range []string{
		"main/bridge", "main/host-device", "main/loopback", "main/macvlan", "main/ptp", "main/tap",
		"ipam/dhcp", "ipam/host-local", "ipam/static",
		"meta/bandwidth", "meta/firewall", "meta/portmap", "meta/sbr", "meta/tuning",
	} {
		args = append(args, referencePlugins+plugin)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
