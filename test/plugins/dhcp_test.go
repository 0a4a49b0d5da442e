package plugins_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	wire(n.NetNS, "up0", outside, "lan0")
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
				server.awaitLeases(t, want[0])
				same(t, "addresses", p.Addresses(iface), []string{want[0] + "/24"})
				want = want[1:]
			})
			server.awaitLeases(t)
		})
	}
}

// TestDHCPRollback releases the lease of a network when a later one fails.
func TestDHCPRollback(t *testing.T) {
	t.Parallel()
	n, outside := officeNode(t)
	server := serveDHCP(t, outside, "lan0")
	p := n.newPod(t, "web")
	before := n.traces()
	err := p.refused("ADD", n.conf("1.1.0", clusterBridge, office,
		`{"cniVersion": "1.1.0", "name": "broken", "type": "macvlan", "master": "nowhere0"}`))
	says(t, err, "network broken (net1): macvlan: ")
	server.awaitLeases(t)
	same(t, "leases in all", server.next, 101)
	p.gone(before, &current.Result{})
}

// TestDHCPWithoutServer ends an attachment that takes too long, and undoes it.
func TestDHCPWithoutServer(t *testing.T) {
	t.Parallel()
	n, _ := officeNode(t)
	p := n.newPod(t, "web")
	before := n.traces()
	c := n.conf("1.1.0", clusterBridge, office).with("delegateTimeout", "2s")
	says(t, p.refused("ADD", c), "network office (net0): macvlan: ", "2s")
	p.gone(before, &current.Result{})
	same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), []string{})
	p.del(c)
}

// TestKilledAdd has multus killed while a plugin is at work. That plugin holds
// the sandbox until it ends; then DEL finds what is to be undone.
func TestKilledAdd(t *testing.T) {
	t.Parallel()
	n, _ := officeNode(t)
	p := n.newPod(t, "web")
	before := n.traces()
	c := n.conf("1.1.0", clusterBridge, office)
	add := n.Command("ADD", p.of(c), p.sandbox())
	n.Do(add.Start)
	t.Cleanup(func() { _ = add.Process.Kill() })
	n.Await("the second plugin works", func() bool { return slices.Equal(p.Links(), []string{"eth0", "net0"}) })
	cnitest.Must(t, add.Process.Kill())
	if err := add.Wait(); err == nil {
		t.Fatal("ADD ended before it was killed")
	}
	p.del(c)
	same(t, "processes that are still at work", p.processes(), []string{})
	p.gone(before, &current.Result{})
	p.add(n.conf("1.1.0", clusterBridge))
}

// processes are the names of all that run for the pod.
func (p *pod) processes() []string {
	p.t.Helper()
	running, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		p.t.Fatal(err)
	}
	names := []string{}
	for _, path := range running {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte("CNI_NETNS="+p.Path+"\x00")) {
			continue // another's, or it has just ended
		}
		name, err := os.ReadFile(filepath.Join(filepath.Dir(path), "comm"))
		if err == nil {
			names = append(names, strings.TrimSpace(string(name)))
		}
	}
	return names
}
