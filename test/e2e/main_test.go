// Package e2e_test runs multus where it belongs: on a Kubernetes node with the
// real API server, kubelet, containerd and runc, installed as the README says.
// The node is started by the scripts in cluster, in namespaces of its own, and
// ends with the tests. Nothing runs unless MULTUS_E2E is set: see README.md.
package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	guard       = "MULTUS_E2E"     // set: run these tests
	dirVariable = "MULTUS_E2E_DIR" // where what was built and the node's files are
	defaultDir  = "/var/tmp/multus-e2e"
)

// root is the repository's directory, from here.
const root = "../.."

func TestMain(m *testing.M) {
	if os.Getenv(guard) == "" {
		fmt.Printf("skipped: %s is not set; run ./test.sh e2e\n", guard)
		return
	}
	code, err := startAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// startAndRun stops the node whatever happens, but for a kill: what is left then
// goes first the next time.
func startAndRun(m *testing.M) (int, error) {
	dir := suiteDir()
	if err := errors.Join(script(dir, "stop"), script(dir, "start")); err != nil {
		return 1, err
	}
	code := m.Run()
	return code, script(dir, "stop")
}

// suiteDir is the directory of the node that all tests run on.
func suiteDir() string {
	if dir := os.Getenv(dirVariable); dir != "" {
		return dir
	}
	return defaultDir
}

// script runs one of the scripts of cluster for the node in a directory.
func script(dir, name string, env ...string) error {
	cmd := exec.Command(filepath.Join("cluster", name))
	cmd.Env = append(append(os.Environ(), dirVariable+"="+dir), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cluster/%s: %w", name, err)
	}
	return nil
}
