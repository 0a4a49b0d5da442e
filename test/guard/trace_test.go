//go:build amd64 || arm64

package guard_test

import (
	"os/exec"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// effects are what an execution of multus does to the world around it. What its
// delegates do is theirs.
type effects struct {
	Sockets   int // socket and connect
	Created   int // files and directories
	Syncs     int // fsync, fdatasync and the like
	Renames   int
	Removed   int
	Processes int
	opened    []string // paths, those too that were not there
}

// trace executes multus and returns what it did.
func trace(t *testing.T, cmd *exec.Cmd) effects {
	t.Helper()
	var done effects
	status, printed := cnitest.Trace(t, cmd, func(s cnitest.Step) bool {
		done.count(s)
		return true
	})
	if status != 0 {
		t.Fatalf("wait status %#x: %s", int(status), printed)
	}
	return done
}

func (e *effects) count(s cnitest.Step) {
	switch {
	case s.Does == cnitest.Executed:
		e.Processes++
		return
	case s.Done:
		return
	case s.Does == cnitest.Open, s.Does == cnitest.Create:
		e.opened = append(e.opened, s.Path)
	}
	switch s.Does {
	case cnitest.Connect:
		e.Sockets++
	case cnitest.Create:
		e.Created++
	case cnitest.Sync:
		e.Syncs++
	case cnitest.Rename:
		e.Renames++
	case cnitest.Remove:
		e.Removed++
	}
}
