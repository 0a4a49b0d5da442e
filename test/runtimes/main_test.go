// Package runtimes_test drives the multus binary with the code of the runtimes
// themselves: go-cni, which containerd loads configurations and runs plugins with, and
// ocicni, which CRI-O does it with. The plugins are the reference plugins, the
// namespaces real ones; it needs root.
package runtimes_test

import (
	"io"
	"os"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// cache is go-cni's, whatever it is told.
const cache = "/var/lib/cni/results"

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // ocicni's
	os.Exit(cnitest.Alone(m, []string{"/var/lib/cni"}, "cmd/multus",
		cnitest.ReferencePlugins+"main/bridge", cnitest.ReferencePlugins+"main/loopback", cnitest.ReferencePlugins+"ipam/host-local", cnitest.ReferencePlugins+"ipam/static"))
}
