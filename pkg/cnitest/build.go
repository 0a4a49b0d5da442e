package cnitest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
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

const aloneVariable = "MULTUS_TEST_ALONE"

// Alone is Run as root in a network and a mount namespace of the tests' own, in which the
// directories are empty. Without root nothing is built, and each test says why it is skipped.
func Alone(m *testing.M, directories []string, packages ...string) int {
	switch {
	case os.Geteuid() != 0:
		return m.Run()
	case os.Getenv(aloneVariable) == "":
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Env = append(os.Environ(), aloneVariable+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return cmd.ProcessState.ExitCode()
	}
	lo, err := netlink.LinkByName("lo")
	errs := []error{err, netlink.LinkSetUp(lo), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")}
	for _, dir := range directories {
		errs = append(errs, os.MkdirAll(dir, 0o755), unix.Mount("tmpfs", dir, "tmpfs", 0, ""))
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return Run(m, packages...)
}

// Build builds the programs of packages into a directory, as ./build does: their
// sizes are those of a release. Versions are those of multus's own go.mod.
func Build(dir string, packages ...string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/multus-cni/multus").Output()
	if err != nil {
		return fmt.Errorf("directory of multus: %w", err)
	}
	args := []string{"build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", dir + "/"}
	for _, p := range packages {
		if host, _, _ := strings.Cut(p, "/"); !strings.Contains(host, ".") {
			p = "github.com/multus-cni/multus/" + p
		}
		args = append(args, p)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = strings.TrimSpace(string(root)), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}
