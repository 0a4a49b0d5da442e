package faults_test

import (
	"os"
	"strings"
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

// TestOlderNetworks: a pod that selects kubernetes.com/v1 Network objects gets
// those, the first as its master, and a pod that selects none the delegates.
func TestOlderNetworks(t *testing.T) {
	n := newNode(t)
	n.cluster()
	n.set("legacyNetworks", true)
	n.object("one", "rec-a")
	n.object("two", "rec-b")
	n.annotated(doc{"networks": `[{"name":"two"},{"name":"one"},{"name":"two"}]`})
	n.ok("ADD", "c1")
	n.wantCalls("ADD eth0 rec-b, ADD net0 rec-a, ADD net1 rec-b")
	if s := n.status(); strings.Count(s, `"name":"ns1/two"`) != 2 || strings.Count(s, `"default":true`) != 1 {
		t.Errorf("status: %s", s)
	}
	n.API.Close()
	n.ok("DEL", "c1")
	n.wantCalls("DEL net1 rec-b, DEL net0 rec-a, DEL eth0 rec-b")
	n.clean()
}

// TestOlderNetworksRefused: without the objects, and with both annotations.
func TestOlderNetworksRefused(t *testing.T) {
	n := newNode(t)
	n.cluster()
	n.set("legacyNetworks", true)
	n.annotated(doc{"networks": `[{"name":"one"}]`})
	n.refused("ADD", "c1", 7, `no Network "one" in namespace "ns1"`)
	n.annotated(doc{"networks": `[{"name":"one"}]`, "k8s.v1.cni.cncf.io/networks": "x"})
	n.refused("ADD", "c1", 7, "has both annotations", "keep one")
	n.wantCalls("")
	n.clean()
	n.annotated(doc{})
	n.ok("ADD", "c1")
	n.ok("DEL", "c1")
	n.wantCalls(addAll + ", " + delAll)
}

// object puts an older Network object into the cluster.
func (n *host) object(name, plugin string) {
	n.T.Helper()
	args := n.text([]doc{{"cniVersion": "0.3.1", "recorder": n.recorder(plugin, nil)}})
	n.Put(doc{"kind": "Network", "apiVersion": "kubernetes.com/v1", "metadata": doc{"namespace": "ns1", "name": name}, "plugin": plugin, "args": args})
}

// annotated puts the pod into the cluster.
func (n *host) annotated(annotations doc) {
	n.T.Helper()
	n.Put(doc{"kind": "Pod", "metadata": doc{"namespace": "ns1", "name": "p1", "uid": "uid-1", "annotations": annotations}})
}
