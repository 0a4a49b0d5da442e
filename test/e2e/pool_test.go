package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// besideDir is, in the suite's directory, where nodes beside the first one are.
const besideDir = "beside"

// pool is the nodes that tests share, of which each has one for itself. There are as
// many as tests have wanted at once, which `go test -parallel` bounds.
var pool struct {
	sync.Mutex
	free []string // directories of nodes that run and have nothing of a test
	made int      // directories that there have been
}

// lent takes a node of the pool, or starts one, until the test ends.
func lent(t *testing.T) node {
	t.Helper()
	pool.Lock()
	var dir string
	if last := len(pool.free) - 1; last >= 0 {
		dir, pool.free = pool.free[last], pool.free[:last]
	}
	pool.Unlock()
	if dir == "" {
		dir = beside(t)
		if err := script(dir, "start"); err != nil {
			t.Fatal(errors.Join(err, script(dir, "stop")))
		}
	}
	t.Cleanup(func() {
		if t.Failed() { // what it left is nobody else's trouble
			if err := script(dir, "stop", "MULTUS_E2E_ALONE=1"); err != nil {
				t.Error(err)
			}
			return
		}
		pool.Lock()
		defer pool.Unlock()
		pool.free = append(pool.free, dir)
	})
	return node{t, dir, "e2e"}
}

// beside makes a directory for a node beside the first one, with what was built for that.
func beside(t *testing.T) string {
	t.Helper()
	pool.Lock()
	pool.made++
	dir := filepath.Join(suiteDir(), besideDir, strconv.Itoa(pool.made))
	pool.Unlock()
	err := os.MkdirAll(dir, 0o755)
	for _, built := range []string{"bin", "images"} {
		err = errors.Join(err, os.Symlink(filepath.Join(suiteDir(), built), filepath.Join(dir, built)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
