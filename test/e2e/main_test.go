// Package e2e_test runs multus where it belongs: on a Kubernetes node with the
// real API server, kubelet, containerd and runc, installed as the README says.
// The node is started by the scripts in cluster, in namespaces of its own, and
// ends with the tests. Nothing runs unless MULTUS_E2E is set: see README.md.
package e2e_test

import (
	"errors"
	"flag"
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
	limit()
	var err error
	if programs.dir, err = os.MkdirTemp("", "programs"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(programs.dir)
	dir := suiteDir()
	more := filepath.Join(dir, besideDir)
	if err := errors.Join(script(dir, "stop"), os.RemoveAll(more), script(dir, "start")); err != nil {
		return 1, err
	}
	pool.free = []string{dir}
	code := m.Run()
	err = script(dir, "stop") // and those beside it
	if code == 0 && err == nil {
		err = os.RemoveAll(more)
	}
	return code, err
}

// limit has so many tests run at once as two cores carry without anything getting too
// late for them, unless -parallel tells otherwise. Each has up to two nodes, of which
// each has 14 of the 128 instances of inotify that Linux gives to a user. What is
// measured is measured alone.
func limit() {
	flag.Parse()
	atOnce := "3"
	if os.Getenv(loadGuard) != "" {
		atOnce = "1"
	}
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", atOnce)
	}
}

// suiteDir is the directory of the first node that tests share, and where what was
// built is.
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
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cluster/%s in %s: %w\n%s", name, dir, err, out)
	}
	return nil
}
