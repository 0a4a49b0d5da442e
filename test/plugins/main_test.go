// Package plugins_test runs the multus binary, as a container runtime would,
// with the reference plugins of the CNI project: real processes, real network
// namespaces, and the kernel asked what became of it. It needs root and nothing
// else: no cluster, and nothing on the machine is changed outside of namespaces
// and directories that end with the tests.
package plugins_test

import (
	"os"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		os.Exit(m.Run()) // each test says why it is skipped
	}
	packages := []string{"cmd/multus"}
	for _, plugin := range []string{
		"main/bridge", "main/host-device", "main/loopback", "main/macvlan", "main/ptp", "main/tap",
		"ipam/dhcp", "ipam/host-local", "ipam/static",
		"meta/bandwidth", "meta/firewall", "meta/portmap", "meta/sbr", "meta/tuning",
	} {
		packages = append(packages, cnitest.ReferencePlugins+plugin)
	}
	os.Exit(cnitest.Run(m, packages...))
}
