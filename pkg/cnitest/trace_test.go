//go:build amd64 || arm64

package cnitest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// script creates a file, writes to it, and starts a process that removes another.
const script = `echo text >made; rm other; exit 0`

func traced(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "other"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestTrace: what the process itself does is seen, of others that they are executed.
func TestTrace(t *testing.T) {
	cmd := traced(t)
	var does []string
	status, printed := cnitest.Trace(t, cmd, func(s cnitest.Step) bool {
		if !s.Done && s.Changes() || s.Does == cnitest.Executed {
			does = append(does, s.Does)
		}
		return true
	})
	if want := []string{cnitest.Create, cnitest.Write, cnitest.Executed, cnitest.Exit}; status != 0 || !slices.Equal(does, want) {
		t.Errorf("wait status %#x, %v, want %v; %s", int(status), does, want, printed)
	}
	if _, err := os.Stat(filepath.Join(cmd.Dir, "other")); err == nil {
		t.Error("the process that was started did not go on")
	}
}

// TestKillAt: at each step there is what was done before it, and no more.
func TestKillAt(t *testing.T) {
	for n, want := range []struct{ at, made string }{
		{"before create", "none"}, {"after create", ""}, {"before write", ""}, {"after write", "text\n"}, {"before exit", "text\n"}, {"", "text\n"},
	} {
		cmd := traced(t)
		at := cnitest.KillAt(t, cmd, n+1)
		made, err := os.ReadFile(filepath.Join(cmd.Dir, "made"))
		if err != nil {
			made = []byte("none")
		}
		if at != want.at || string(made) != want.made {
			t.Errorf("step %d: killed %q with %q in the file, want %q and %q", n+1, at, made, want.at, want.made)
		}
	}
}
