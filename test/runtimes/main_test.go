// Package runtimes_test drives the multus binary with the code of the runtimes
// themselves: go-cni, which containerd loads configurations and runs plugins with, and
// ocicni, which CRI-O does it with. The plugins are the reference plugins, the
// namespaces real ones; it needs root.
package runtimes_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	multus  = "../../bin/multus"
	plugins = "../../bin/plugins"
)

// cache is go-cni's, whatever it is told.
const cache = "/var/lib/cni/results"

// inside is set where the test runs in namespaces of its own.
const inside = "MULTUS_TEST_INSIDE"

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		os.Exit(m.Run()) // each test is skipped
	}
	if os.Getenv(inside) == "" {
		os.Exit(enter())
	}
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	logrus.SetOutput(io.Discard) // ocicni's
	os.Exit(m.Run())
}

// enter runs the test once more, in namespaces of its own: go-cni has a fixed directory
// for its cache, and the plugins make bridges.
func enter() int {
	for _, what := range [][]string{{"../../build"}, {"../../build", "plugins"}} {
		if out, err := exec.Command(what[0], what[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %v\n%s", what, err, out)
			return 1
		}
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

func prepare() error {
	lo, err := netlink.LinkByName("lo")
	return errors.Join(err, netlink.LinkSetUp(lo),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		os.MkdirAll("/var/lib/cni", 0o755),
		unix.Mount("tmpfs", "/var/lib/cni", "tmpfs", 0, ""))
}
