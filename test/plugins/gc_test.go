package plugins_test

import (
	"testing"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/test/node"
)

// secondLAN hands out addresses of its own. A bridge that is no gateway changes
// its own address with its ports, and the plugin's CHECK is against it.
const secondLAN = `{"cniVersion": "1.1.0", "name": "second", "type": "bridge", "bridge": "br-second", "isGateway": true,
	"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24"}}`

// TestGC frees what pods left that the runtime lost without a DEL, in all of
// their networks, and leaves pods alone that live.
func TestGC(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	c := n.conf("1.1.0", clusterBridge, secondLAN)
	first, last := n.newPod(t, "first"), n.newPod(t, "last")
	before := n.traces()
	first.add(c)
	n.lose(t, "lost", c)
	last.add(c)
	same(t, "leases", n.leases(), []string{
		"cluster/10.1.0.2", "cluster/10.1.0.3", "cluster/10.1.0.4",
		"second/10.2.0.2", "second/10.2.0.3", "second/10.2.0.4",
	})

	n.gc(c, first, last)
	live := []string{"cluster/10.1.0.2", "cluster/10.1.0.4", "second/10.2.0.2", "second/10.2.0.4"}
	same(t, "leases after GC", n.leases(), live)
	n.gc(c, first, last)
	same(t, "leases after another GC", n.leases(), live)
	first.check(c)
	last.check(c)

	n.Run("GC", c, node.Sandbox{}).Refused(t)
	same(t, "leases after GC without a list", n.leases(), live)
	last.del(c)
	n.gc(c, first)
	first.check(c)
	first.del(c)
	n.gc(c)
	same(t, "the node in the end", n.traces(), before)
}

// TestGCOfAttachedPods detaches pods whose namespace is still there, too.
func TestGCOfAttachedPods(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	c := n.conf("1.1.0", clusterBridge, secondLAN)
	p := n.newPod(t, "web")
	before := n.traces()
	result := p.add(c)
	n.gc(c)
	p.gone(before, result)
	p.del(c)
}

// TestGCLeavesOthersAlone keeps the leases of containers that other networks of
// the same plugin serve, without Multus.
func TestGCLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	c := n.conf("1.1.0", clusterBridge)
	other := n.conf("1.1.0", secondLAN).with("cniDir", n.Node.Path("elsewhere"))
	p := n.newPod(t, "web")
	p.add(other)
	n.gc(c)
	same(t, "leases", n.leases(), []string{"second/10.2.0.2"})
	p.check(other)
	p.del(other)
}

// gc names the pods that live.
func (n *host) gc(c conf, live ...*pod) {
	n.T.Helper()
	valid := []types.GCAttachment{}
	for _, p := range live {
		valid = append(valid, types.GCAttachment{ContainerID: p.id, IfName: "eth0"})
	}
	same(n.T, "what GC prints", n.Run("GC", c.with("cni.dev/valid-attachments", valid), node.Sandbox{}).OK(n.T).Stdout, "")
}
