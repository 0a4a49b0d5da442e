//go:build amd64 || arm64

package faults_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// atEveryStep has a test kill a command at each of its steps; where that was is what
// the test returns, "" where the command had ended before.
func atEveryStep(t *testing.T, least int, test func(step int) (at string)) {
	t.Helper()
	for step := 1; ; step++ {
		if test(step) == "" {
			if step <= least {
				t.Errorf("only %d steps", step-1)
			}
			return
		}
	}
}

// TestKilledAtEveryStepOfADD: whatever the moment at which ADD is killed, a DEL
// in another process undoes all that was begun, newest first, and leaves nothing.
func TestKilledAtEveryStepOfADD(t *testing.T) {
	killed := 0
	atEveryStep(t, 20, func(step int) string {
		n := newNode(t)
		at := cnitest.KillAt(t, n.command("ADD", "c1"), step)
		n.executions()
		begun := n.begun()
		killed += len(begun)
		n.recordAlone()
		n.ok("DEL", "c1")
		plugins := n.detached()
		for _, plugin := range begun {
			if !slices.Contains(plugins, plugin) {
				t.Errorf("killed %s: %s was begun and is not detached; DEL ran %v", at, plugin, plugins)
			}
		}
		if !slices.IsSortedFunc(plugins, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("killed %s: DEL ran %v, which is not newest first", at, plugins)
		}
		n.clean()
		if at == "" && killed < step {
			t.Errorf("%d plugins begun before %d steps", killed, step)
		}
		return at
	})
}

// recordAlone takes the networks out of the configuration, so that nothing but a
// record tells of them.
func (n *host) recordAlone() {
	n.set("delegates", []doc{{"cniVersion": "1.1.0", "name": "another", "type": "rec-a"}})
}

// TestKilledAtEveryStepOfDEL: the next DEL does what is left.
func TestKilledAtEveryStepOfDEL(t *testing.T) {
	atEveryStep(t, 15, func(step int) string {
		n := newNode(t)
		n.ok("ADD", "c1")
		n.executions()
		at := cnitest.KillAt(t, n.command("DEL", "c1"), step)
		n.recordAlone()
		n.ok("DEL", "c1")
		plugins := n.detached()
		for _, plugin := range []string{"rec-a", "rec-b", "rec-c", "rec-d"} {
			if !slices.Contains(plugins, plugin) {
				t.Errorf("killed %s: %s is not detached; DEL ran %v", at, plugin, plugins)
			}
		}
		n.clean()
		return at
	})
}

// TestKilledAtEveryStepOfGC: the live sandbox keeps its record, and the next GC
// does what is left of the stale one.
func TestKilledAtEveryStepOfGC(t *testing.T) {
	atEveryStep(t, 15, func(step int) string {
		n := newNode(t)
		n.ok("ADD", "live")
		n.ok("ADD", "stale")
		n.executions()
		n.valid("live")
		at := cnitest.KillAt(t, n.command("GC", ""), step)
		n.recordAlone()
		n.ok("GC", "")
		detached := map[string]bool{}
		for _, e := range n.executions() {
			if e.Command == "DEL" && e.Env["CNI_CONTAINERID"] != "stale" {
				t.Errorf("killed %s: GC detached the live sandbox: %s", at, e)
			}
			if e.Command == "DEL" {
				detached[e.Type] = true
			}
		}
		if len(detached) != 4 || !exists(n.record("live")) || exists(n.record("stale")) {
			t.Errorf("killed %s: detached %v, left %q", at, detached, n.files())
		}
		return at
	})
}
