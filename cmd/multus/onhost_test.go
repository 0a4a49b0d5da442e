package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// TestAskHost: an installer that leaves collecting to the runtime's next command asks for
// it where something is stale, and touches no record.
func TestAskHost(t *testing.T) {
	for name, netns := range map[string]string{"alive": "alive", "gone": "gone"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cnitest.Must(t, os.WriteFile(filepath.Join(dir, "alive"), nil, 0o600))
			conf := config.Default()
			conf.CNIDir = filepath.Join(dir, "state")
			plugin := newPlugin(nil, conf, logrus.NewEntry(newLog(conf.Log, os.Stderr)))
			rec := state.Record{Sandbox: plan.Sandbox{ContainerID: "c1", IfName: "eth0", NetNS: filepath.Join(dir, netns)}, Pod: plan.Pod{Namespace: "a", Name: "b", UID: "c"}}
			cnitest.Must(t, plugin.State.Create(rec))
			var h onHost
			if finished, err := h.collect(t.Context(), plugin, ""); finished != 0 || err != nil {
				t.Errorf("finished %d itself: %v", finished, err)
			}
			if _, err := plugin.State.Load(rec.Key()); err != nil {
				t.Errorf("the record: %v", err)
			}
			if asked := exists(filepath.Join(conf.CNIDir, askedFor)); asked != (name == "gone") {
				t.Errorf("asked: %t", asked)
			}
			if name == "alive" {
				return
			}
			if _, err := h.collect(t.Context(), plugin, ""); err == nil {
				t.Error("what was asked for and is not finished is no error")
			}
			cnitest.Must(t, plugin.State.Remove(rec))
			if finished, err := h.collect(t.Context(), plugin, ""); finished != 1 || err != nil {
				t.Errorf("%d are finished: %v", finished, err)
			}
		})
	}
}

// TestAskHostForANote: a note may be all that is left of a sandbox.
func TestAskHostForANote(t *testing.T) {
	conf := config.Default()
	conf.CNIDir = t.TempDir()
	plugin := newPlugin(nil, conf, logrus.NewEntry(newLog(conf.Log, os.Stderr)))
	rec := state.Record{Sandbox: plan.Sandbox{ContainerID: "c1", IfName: "eth0"}, Pod: plan.Pod{Namespace: "a", Name: "b", UID: "c"}}
	cnitest.Must(t, plugin.State.NoteUnfinished(rec))
	if _, err := new(onHost).collect(t.Context(), plugin, ""); err != nil {
		t.Error(err)
	}
	if !exists(filepath.Join(conf.CNIDir, askedFor)) {
		t.Error("nobody is asked to finish it")
	}
}
