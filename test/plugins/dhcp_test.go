package plugins_test

import (
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// office is a network with a DHCP server of its own.
const office = `{"cniVersion": "1.1.0", "name": "office", "type": "macvlan", "master": "up0", "mode": "bridge",
	"ipam": {"type": "dhcp", "daemonSocketPath": "$DIR/dhcp.sock"}}`

// officeNode is a node with an uplink into a namespace outside, lan0 there, and
// the daemon of the dhcp plugin.
func officeNode(t *testing.T) (n *host, outside *cnitest.NetNS) {
	n, outside = newNode(t), cnitest.NewNetNS(t)
	n.Wire("up0", outside, "lan0")
	n.dhcpDaemon()
	return n, outside
}

func TestDHCP(t *testing.T) {
	t.Parallel()
	for iface, networks := range map[string][]string{
		"net0": {clusterBridge, office},
		"eth0": {office, secondLAN},
	} {
		t.Run(iface, func(t *testing.T) {
			n, outside := officeNode(t)
			server := serveDHCP(t, outside, "lan0")
			p := n.newPod(t, "web")
			want := []string{"10.7.0.100", "10.7.0.101"}
			p.life(n.conf("1.1.0", networks...), func(*current.Result) {
				server.awaitLeases(n, want[0])
				same(t, "addresses", p.Addresses(iface), []string{want[0] + "/24"})
				want = want[1:]
			})
			server.awaitLeases(n)
		})
	}
}

// TestDHCPRollback releases the lease of a network when a later one fails.
func TestDHCPRollback(t *testing.T) {
	t.Parallel()
	n, outside := officeNode(t)
	server := serveDHCP(t, outside, "lan0")
	p := n.newPod(t, "web")
	p.neverAdded(n.conf("1.1.0", clusterBridge, office,
		`{"cniVersion": "1.1.0", "name": "broken", "type": "macvlan", "master": "nowhere0"}`), "network broken (net1): macvlan: ")
	server.awaitLeases(n)
	same(t, "leases in all", server.next, 101)
}

// TestDHCPWithoutServer ends an attachment that takes too long, and undoes it.
func TestDHCPWithoutServer(t *testing.T) {
	t.Parallel()
	n, _ := officeNode(t)
	p := n.newPod(t, "web")
	c := n.conf("1.1.0", clusterBridge, office).with("delegateTimeout", "2s")
	p.neverAdded(c, "network office (net0): macvlan: ", "2s")
	same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), []string{})
	p.del(c)
}
