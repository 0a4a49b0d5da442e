package faults_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// damages are what can become of a record. Each is done to the record of c1.
func damages() map[string]func(n *host, path string, data []byte) {
	replace := func(change func([]byte) []byte) func(*host, string, []byte) {
		return func(n *host, path string, data []byte) { n.Write(path, string(change(data))) }
	}
	return map[string]func(n *host, path string, data []byte){
		"truncated": replace(func(d []byte) []byte { return d[:len(d)/2] }),
		"newer":     replace(func(d []byte) []byte { return bytes.Replace(d, []byte(`"schema":1`), []byte(`"schema":99`), 1) }),
		"another's": replace(func(d []byte) []byte {
			return bytes.ReplaceAll(d, []byte(`"containerID":"c1"`), []byte(`"containerID":"c9"`))
		}),
		"a directory":     func(n *host, path string, _ []byte) { n.Must(os.Remove(path)); n.Must(os.Mkdir(path, 0o700)) },
		"a symbolic link": func(n *host, path string, data []byte) { n.link(path, string(data)) },
	}
}

// link puts the record elsewhere and a symbolic link in its place.
func (n *host) link(path, content string) {
	n.T.Helper()
	n.Must(os.Remove(path))
	n.Write(n.Path("elsewhere"), content)
	n.Must(os.Symlink(n.Path("elsewhere"), path))
}

// newDamaged is a node with two sandboxes, and a damage done to the record of c1.
func newDamaged(t *testing.T, damage func(n *host, path string, data []byte)) *host {
	t.Helper()
	n := newNode(t)
	n.ok("ADD", "c1")
	n.ok("ADD", "c2")
	n.executions()
	data, err := os.ReadFile(n.record("c1"))
	n.Must(err)
	damage(n, n.record("c1"), data)
	return n
}

// TestDamagedRecord: CHECK, ADD and GC say so and leave it; DEL sets it aside,
// detaches what the configuration tells of, and succeeds.
func TestDamagedRecord(t *testing.T) {
	for name, damage := range damages() {
		t.Run(name, func(t *testing.T) {
			n := newDamaged(t, damage)
			why := "unreadable record"
			if name == "newer" {
				why = "newer multus"
			}
			n.refused("CHECK", "c1", 5, why, n.record("c1"))
			n.refused("ADD", "c1", 100, why, n.record("c1"))
			n.valid("c1", "c2")
			n.refused("GC", "", 5, why, "networks left alone")
			n.wantCalls("")

			n.ok("DEL", "c1")
			n.wantCalls(delAll)
			n.setAside(name)
			n.ok("CHECK", "c2")
			n.ok("DEL", "c2")
			n.ok("ADD", "c1")
			n.ok("DEL", "c1")
		})
	}
}

// setAside holds the damaged record to being kept, once.
func (n *host) setAside(name string) {
	n.T.Helper()
	kept, err := filepath.Glob(n.Path("state", "unreadable", "c1@eth0.json.*"))
	n.Must(err)
	if len(kept) != 1 || exists(n.record("c1")) {
		n.T.Errorf("kept %q; left %q", kept, n.files())
	}
	if name == "a symbolic link" && !exists(n.Path("elsewhere")) {
		n.T.Error("what the link points to is gone")
	}
}

// TestGCOfADamagedRecord of a sandbox that is gone sets it aside and goes on.
func TestGCOfADamagedRecord(t *testing.T) {
	for name, damage := range damages() {
		t.Run(name, func(t *testing.T) {
			n := newDamaged(t, damage)
			n.valid()
			n.ok("GC", "")
			n.setAside(name)
			if got := strings.Join(n.calls(), ", "); !strings.HasPrefix(got, delAll+", GC ") || strings.Count(got, "GC") != 4 {
				t.Errorf("calls: %s", got)
			}
		})
	}
}
