package faults_test

import (
	"os"
	"testing"
)

// TestAuxiliaryChain: attached last, recorded, and undone from the record though
// its directory is gone by then.
func TestAuxiliaryChain(t *testing.T) {
	n := newNode(t)
	n.set("auxiliaryCNIChainName", "aux")
	n.ok("ADD", "c1") // no directory is no chain
	n.ok("DEL", "c1")
	n.Must(os.Mkdir(n.Path("net.d", "aux"), 0o755))
	n.ok("ADD", "c1") // nor is an empty one
	n.ok("DEL", "c1")
	n.wantCalls(addAll + ", " + delAll + ", " + addAll + ", " + delAll)

	n.Write(n.Path("net.d", "aux", "20-second.conf"), n.text(doc{"type": "rec-a", "recorder": n.recorder("rec-a", nil)}))
	n.Write(n.Path("net.d", "aux", "10-first.conf"), n.text(doc{"type": "rec-b", "recorder": n.recorder("rec-b", nil)}))
	n.ok("ADD", "c1")
	n.wantCalls(addAll + ", ADD net2 rec-b, ADD net2 rec-a")
	n.ok("CHECK", "c1")
	if calls := n.calls(); len(calls) != 6 || calls[5] != "CHECK net2 rec-a" {
		t.Errorf("calls: %v", calls)
	}
	n.Must(os.RemoveAll(n.Path("net.d", "aux")))
	n.ok("DEL", "c1")
	n.wantCalls("DEL net2 rec-a, DEL net2 rec-b, " + delAll)
	n.clean()
}

// TestAuxiliaryChainFails: it is rolled back as any other network, and one that
// cannot be read is refused.
func TestAuxiliaryChainFails(t *testing.T) {
	n := newNode(t)
	n.set("auxiliaryCNIChainName", "aux")
	n.Write(n.Path("net.d", "aux", "10.conf"), n.text(doc{"type": "rec-b", "recorder": n.recorder("rec-b", doc{"fail": doc{"ADD": doc{"code": 11, "msg": "full"}}})}))
	n.refused("ADD", "c1", 11, "network aux (net2): rec-b: full")
	n.wantCalls(addAll + ", ADD net2 rec-b, DEL net2 rec-b, " + delAll)
	n.clean()
	n.Write(n.Path("net.d", "aux", "10.conf"), "{")
	n.refused("ADD", "c1", 7, "auxiliaryCNIChainName", n.Path("net.d", "aux", "10.conf"))
	n.wantCalls("")
	n.clean()
}
