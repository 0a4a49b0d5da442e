package faults_test

import (
	"os"
	"slices"
	"testing"
	"time"
)

// TestPluginFailsADD in each way: the others are detached, the message says which
// plugin it was and how it failed, and nothing is left, no process either.
func TestPluginFailsADD(t *testing.T) {
	tests := []struct {
		name   string
		script doc
		code   uint
		says   string
	}{
		{"hangs", doc{"sleep": doc{"ADD": "30s"}, "forkChild": doc{"ADD": "30s"}}, 11, "no answer to ADD after 1s, killed"},
		{"prints nothing", doc{"stdout": doc{"ADD": ""}}, 999, "exit status 0, but no result on standard output"},
		{"fails with exit status 0", doc{"fail": doc{"ADD": doc{"code": 107, "msg": "no carrier"}}, "exit": doc{"ADD": 0}}, 107, "rec-b: no carrier"},
		{"is killed", doc{"selfKill": doc{"ADD": 9}}, 999, "ended by SIGKILL"},
		{"floods standard output", doc{"stdoutBytes": doc{"ADD": 10 << 20}}, 999, "more than 4 MiB on standard output, killed"},
		{"floods standard error and fails", doc{"stderrBytes": doc{"ADD": 10 << 20}, "stdout": doc{"ADD": ""}, "exit": doc{"ADD": 1}}, 999, "xxxx"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t)
			n.set("delegateTimeout", "1s")
			n.script("b", tt.script)
			o := n.refused("ADD", "c1", tt.code, "network b (net0): rec-b: ", tt.says)
			if len(o.Stdout) > 8<<10 || len(o.Stderr) > 1<<20+256 || o.Took > 8*time.Second {
				t.Errorf("%d bytes of answer, %d of standard error, %s", len(o.Stdout), len(o.Stderr), o.Took)
			}
			n.executions()
			n.clean()
			n.quiet()
			n.ok("DEL", "c1")
		})
	}
}

// TestPluginSucceedsOddly: what counts is what it printed, and its exit status.
func TestPluginSucceedsOddly(t *testing.T) {
	tests := []struct {
		name   string
		script doc
	}{
		{"leaves a child with its output", doc{"forkChild": doc{"ADD": "3s"}}},
		{"prints much on DEL", doc{"stdoutBytes": doc{"DEL": 1 << 20}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t)
			n.set("delegateTimeout", "10s")
			n.script("b", tt.script)
			o := n.ok("ADD", "c1")
			if len(o.Stderr) > 1<<20+256 || o.Took > 3*time.Second {
				t.Errorf("%d bytes of standard error, %s", len(o.Stderr), o.Took)
			}
			// The lock does not stay with the plugin's child.
			if o := n.ok("DEL", "c1"); o.Took > 2*time.Second {
				t.Errorf("DEL took %s", o.Took)
			}
			n.wantCalls(addAll + ", " + delAll)
			n.clean()
		})
	}
}

// quiet holds the node to having no process of a plugin.
func (n *host) quiet() {
	n.T.Helper()
	if left := n.Running("CNI_PATH=" + n.Bin); len(left) > 0 {
		n.T.Errorf("processes are left: %q", left)
	}
}

// TestPluginFailsDEL: the others are detached; the failed one stays recorded and
// is tried again, and only that.
func TestPluginFailsDEL(t *testing.T) {
	tests := []struct {
		name   string
		script doc
		code   uint
		says   string
	}{
		{"hangs", doc{"sleep": doc{"DEL": "30s"}}, 11, "no answer to DEL after 1s, killed"},
		{"fails", doc{"fail": doc{"DEL": doc{"code": 11, "msg": "busy"}}}, 11, "rec-b: busy"},
		{"floods standard output", doc{"stdoutBytes": doc{"DEL": 10 << 20}}, 999, "more than 4 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t)
			n.set("delegateTimeout", "1s")
			n.script("b", tt.script)
			n.ok("ADD", "c1")
			n.executions()
			for i := range 2 {
				n.refused("DEL", "c1", tt.code, "network b (net0): rec-b: ", tt.says)
				others := slices.DeleteFunc(n.detached(), func(plugin string) bool { return plugin == "rec-b" })
				if want := []int{3, 0}[i]; len(others) != want {
					t.Errorf("DEL %d detached %q, want %d others", i+1, others, want)
				}
			}
			n.valid()
			n.cni("GC", "")
			if !exists(n.record("c1")) {
				t.Error("GC dropped what could not be detached")
			}
		})
	}
}

// TestPluginDisappears before DEL: the rest is detached, and it when it is back.
func TestPluginDisappears(t *testing.T) {
	n := newNode(t)
	n.ok("ADD", "c1")
	n.executions()
	n.Must(os.Rename(n.Path("bin", "rec-b"), n.Path("rec-b")))
	n.refused("DEL", "c1", 7, "network b (net0): rec-b: plugin binary missing in "+n.Path("bin"))
	n.wantCalls("DEL net1 rec-d, DEL net1 rec-c, DEL eth0 rec-a")
	n.refused("DEL", "c1", 7, "rec-b")
	n.refused("ADD", "c2", 7, "rec-b")
	n.wantCalls("")
	n.Must(os.Rename(n.Path("rec-b"), n.Path("bin", "rec-b")))
	n.ok("DEL", "c1")
	n.wantCalls("DEL net0 rec-b")
	n.clean()
}
