package faults_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDELWhileADDRuns: DEL waits for its end, and then undoes it.
func TestDELWhileADDRuns(t *testing.T) {
	n := newNode(t)
	add := n.atWork(doc{"sleep": doc{"ADD": "1s"}})
	del := n.ok("DEL", "c1")
	if o := add.End(); o.Exit != 0 {
		t.Errorf("ADD: %s", o.Stdout)
	}
	if del.Took < 500*time.Millisecond {
		t.Errorf("DEL did not wait, it took %s", del.Took)
	}
	n.wantCalls(addAll + ", " + delAll)
	n.clean()
}

// TestDELWhileADDRollsBack: both detach, one after the other.
func TestDELWhileADDRollsBack(t *testing.T) {
	n := newNode(t)
	add := n.atWork(doc{"sleep": doc{"ADD": "700ms"}, "fail": doc{"ADD": doc{"code": 11, "msg": "full"}}})
	n.ok("DEL", "c1")
	if o := add.End(); o.Exit == 0 || o.Code != 11 || o.Msg != "network b (net0): rec-b: full" {
		t.Errorf("ADD: %s", o.Stdout)
	}
	// The second time there is no record any more, and the static networks are detached.
	n.wantCalls("ADD eth0 rec-a, ADD net0 rec-b, DEL net0 rec-b, DEL eth0 rec-a, " + delAll)
	n.clean()
}

// TestADDIsKilledWhileDELWaits: the plugin dies with multus, and DEL goes on.
func TestADDIsKilledWhileDELWaits(t *testing.T) {
	n := newNode(t)
	add := n.atWork(doc{"sleep": doc{"ADD": "30s"}})
	del := n.start("DEL", "c1")
	time.Sleep(200 * time.Millisecond)
	n.Must(add.Process.Kill())
	add.End()
	if o := del.End(); o.Exit != 0 || o.Took < 200*time.Millisecond || o.Took > 10*time.Second {
		t.Errorf("DEL took %s: %s", o.Took, o.Stdout)
	}
	n.wantCalls("ADD eth0 rec-a, " + delAll) // the record cannot tell how far ADD came
	n.clean()
}

// TestWhatAPluginLeftKeepsTheLock: a plugin's child that is still at work when
// multus and the plugin are dead is waited for.
func TestWhatAPluginLeftKeepsTheLock(t *testing.T) {
	n := newNode(t)
	add := n.atWork(doc{"sleep": doc{"ADD": "30s"}, "forkChild": doc{"ADD": "3s"}})
	time.Sleep(100 * time.Millisecond) // the child is begun after the mark
	n.Must(add.Process.Kill())
	if del := n.ok("DEL", "c1"); del.Took < 700*time.Millisecond {
		t.Errorf("DEL did not wait, it took %s", del.Took)
	}
	add.End()
	n.wantCalls("ADD eth0 rec-a, " + delAll) // the record cannot tell how far ADD came
	n.clean()
}

// TestTerminatedADD: a runtime's SIGTERM has all undone before multus ends.
func TestTerminatedADD(t *testing.T) {
	n := newNode(t)
	add := n.atWork(doc{"sleep": doc{"ADD": "30s"}})
	n.Must(add.Process.Signal(syscall.SIGTERM))
	o := add.End()
	if o.Exit != 1 || o.Code != 11 || !strings.Contains(o.Msg, "network b (net0): rec-b: ADD given up") || o.Took > 10*time.Second {
		t.Errorf("ADD took %s: exit status %d, %s", o.Took, o.Exit, o.Stdout)
	}
	n.wantCalls("ADD eth0 rec-a, DEL net0 rec-b, DEL eth0 rec-a")
	n.clean()
	n.ok("DEL", "c1")
}

// TestTerminatedDEL keeps what is left for the next one.
func TestTerminatedDEL(t *testing.T) {
	n := newNode(t)
	n.script("b", doc{"sleep": doc{"DEL": "30s"}, "touch": doc{"DEL": n.Path("log", "deleting")}})
	n.ok("ADD", "c1")
	n.executions()
	del := n.start("DEL", "c1")
	n.Await("the plugin runs", func() bool { return exists(n.Path("log", "deleting")) })
	n.Must(del.Process.Signal(syscall.SIGTERM))
	if o := del.End(); o.Exit != 1 || o.Code != 11 || o.Took > 10*time.Second {
		t.Errorf("DEL took %s: exit status %d, %s", o.Took, o.Exit, o.Stdout)
	}
	n.wantCalls("DEL net1 rec-d, DEL net1 rec-c")
	// The record has the configuration of ADD, so that it is edited for a retry that ends.
	data, err := os.ReadFile(n.record("c1"))
	n.Must(err)
	n.Write(n.record("c1"), strings.ReplaceAll(string(data), `"30s"`, `"1ms"`))
	n.ok("DEL", "c1")
	n.wantCalls("DEL net0 rec-b, DEL eth0 rec-a")
	n.clean()
	n.quiet()
}

// TestDELNeedsTheRecordAlone: not the namespace, the pod, the NAD, the API server,
// the kubeconfig, the readiness file, or the networks that were configured.
func TestDELNeedsTheRecordAlone(t *testing.T) {
	n := newNode(t)
	api := n.cluster()
	n.pod("x@x0")
	n.nad("x", n.network("b", nil))
	n.ok("ADD", "c1")
	n.wantCalls("ADD eth0 rec-a, ADD net0 rec-b, ADD net1 rec-c, ADD net1 rec-d, ADD x0 rec-b")
	api.Close()
	n.Must(os.Remove(n.Kubeconfig))
	n.set("readinessIndicatorFile", n.Path("never"))
	n.set("delegates", nil)
	n.set("clusterNetwork", n.Path("no-such-file.conf"))
	o := n.ok("DEL", "c1")
	if o.Took > 2*time.Second {
		t.Errorf("DEL took %s", o.Took)
	}
	n.wantCalls("DEL x0 rec-b, " + delAll)
	n.clean()
	// Without a record it is tried for as long as is reasonable, and succeeds.
	if o := n.ok("DEL", "c1"); o.Took > 4*time.Second {
		t.Errorf("DEL without a record took %s", o.Took)
	}
	n.wantCalls("")
}
