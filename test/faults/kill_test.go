//go:build amd64 || arm64

package faults_test

import (
	"slices"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestKilledAtEveryStepOfADD: whatever the moment at which ADD is killed, a DEL
// in another process undoes all that was begun, and leaves nothing.
func TestKilledAtEveryStepOfADD(t *testing.T) {
	killed := 0
	for step, done := 1, false; !done; step++ {
		n := newNode(t)
		at := cnitest.KillAt(t, n.command("ADD", "c1"), step)
		done = at == ""
		n.executions()
		begun := n.begun()
		killed += len(begun)
		n.recordAlone()
		n.ok("DEL", "c1")
		n.detached(at, begun)
		n.clean()
		if done && (step < 20 || killed < step) {
			t.Errorf("only %d steps, and %d plugins begun before them", step-1, killed)
		}
	}
}

// recordAlone takes the networks out of the configuration, so that nothing but a
// record tells of them.
func (n *host) recordAlone() {
	n.set("delegates", []doc{{"cniVersion": "1.1.0", "name": "another", "type": "rec-a"}})
}

// detached holds the executions since it was last asked to a DEL of every plugin
// that was begun, newest first.
func (n *host) detached(at string, begun []string) {
	n.T.Helper()
	var plugins []string
	for _, e := range n.executions() {
		if e.Command != "DEL" {
			n.T.Errorf("killed %s: DEL ran %s", at, e)
		}
		plugins = append(plugins, e.Type)
	}
	for _, plugin := range begun {
		if !slices.Contains(plugins, plugin) {
			n.T.Errorf("killed %s: %s was begun and is not detached; DEL ran %v", at, plugin, plugins)
		}
	}
	if !slices.IsSortedFunc(plugins, func(a, b string) int { return -slices.Compare([]byte(a), []byte(b)) }) {
		n.T.Errorf("killed %s: DEL ran %v, which is not newest first", at, plugins)
	}
}

// TestKilledAtEveryStepOfDEL: the next DEL does what is left.
func TestKilledAtEveryStepOfDEL(t *testing.T) {
	for step := 1; ; step++ {
		n := newNode(t)
		n.ok("ADD", "c1")
		n.executions()
		at := cnitest.KillAt(t, n.command("DEL", "c1"), step)
		n.recordAlone()
		n.ok("DEL", "c1")
		var plugins []string
		for _, e := range n.executions() {
			plugins = append(plugins, e.Type)
		}
		for _, plugin := range []string{"rec-a", "rec-b", "rec-c", "rec-d"} {
			if !slices.Contains(plugins, plugin) {
				t.Errorf("killed %s: %s is not detached; DEL ran %v", at, plugin, plugins)
			}
		}
		n.clean()
		if at == "" {
			t.Logf("%d steps", step-1)
			if step < 15 {
				t.Errorf("only %d steps", step-1)
			}
			return
		}
	}
}

// TestKilledAtEveryStepOfGC: the live sandbox keeps its record, and the next GC
// does what is left of the stale one.
func TestKilledAtEveryStepOfGC(t *testing.T) {
	for step := 1; ; step++ {
		n := newNode(t)
		n.ok("ADD", "live")
		n.ok("ADD", "stale")
		n.executions()
		n.set("cni.dev/valid-attachments", []doc{{"containerID": "live", "ifname": "eth0"}})
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
		if at == "" {
			t.Logf("%d steps", step-1)
			return
		}
	}
}
