package plugins_test

import (
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

const dhcpIPAM = `"ipam": {"type": "dhcp", "daemonSocketPath": "$DIR/dhcp.sock"}`

func TestDHCP(t *testing.T) {
	const office = `{"cniVersion": "1.1.0", "name": "office", "type": "macvlan", "master": "up0", "mode": "bridge", ` + dhcpIPAM + `}`
	const bridged = `{"cniVersion": "1.1.0", "name": "office", "type": "bridge", "bridge": "br-office", ` + dhcpIPAM + `}`
	tests := []struct {
		name     string
		networks []string
		iface    string
	}{
		{"macvlan as the second network", []string{clusterBridge, office}, "net0"},
		{"bridge as the default network", []string{bridged, clusterBridge}, "eth0"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			outside := cnitest.NewNetNS(t)
			wire(n.NetNS, "up0", outside, "lan0")
			if tc.iface == "eth0" {
				newBridge(n.NetNS, "br-office", "up0")
			}
			server := serveDHCP(t, outside, "lan0")
			n.dhcpDaemon()
			p := n.newPod(t, "web")
			want := []string{"10.7.0.100", "10.7.0.101"}
			p.life(n.conf("1.1.0", tc.networks...), func(*current.Result) {
				server.awaitLeases(t, want[0])
				same(t, "addresses", p.Addresses(tc.iface), []string{want[0] + "/24"})
				want = want[1:]
			})
			server.awaitLeases(t)
		})
	}
}

// TestDHCPRollback releases the lease of a network when a later one fails.
func TestDHCPRollback(t *testing.T) {
	n := newNode(t)
	outside := cnitest.NewNetNS(t)
	wire(n.NetNS, "up0", outside, "lan0")
	server := serveDHCP(t, outside, "lan0")
	n.dhcpDaemon()
	p := n.newPod(t, "web")
	before := n.traces()
	err := p.refused("ADD", n.conf("1.1.0", clusterBridge,
		`{"cniVersion": "1.1.0", "name": "office", "type": "macvlan", "master": "up0", `+dhcpIPAM+`}`,
		`{"cniVersion": "1.1.0", "name": "broken", "type": "macvlan", "master": "nowhere0"}`))
	says(t, err, "network broken (net1)", "nowhere0")
	server.awaitLeases(t)
	p.gone(before, &current.Result{})
	same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), []string{})
}
