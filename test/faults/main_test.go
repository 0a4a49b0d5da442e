// Package faults_test does to the multus binary what nodes do to it: kills it at
// every step, fills its disk, damages its records, breaks its API server and its
// plugins, and then asks whether a DEL leaves anything behind. The plugins are
// all test/recorder, which says what it was asked to do. Nothing outside the
// tests' own folders is changed; what needs root is skipped without it.
package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const binariesVariable = "MULTUS_TEST_BINARIES"

// binary is where a program that was built for the tests is.
func binary(name string) string { return filepath.Join(os.Getenv(binariesVariable), name) }

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "multus-faults-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv(binariesVariable, dir); err != nil {
		return 1, err
	}
	const module = "github.com/multus-cni/multus/"
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir+"/", module+"cmd/multus", module+"test/recorder")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return m.Run(), nil
}
