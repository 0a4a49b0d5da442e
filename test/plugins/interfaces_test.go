package plugins_test

import (
	"net"
	"slices"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// clusterBridge is the default network of most tests.
const clusterBridge = `{
	"cniVersion": "1.1.0", "name": "cluster", "type": "bridge", "bridge": "br-cluster", "isGateway": true,
	"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "ranges": [[{"subnet": "10.1.0.0/24"}]],
	         "routes": [{"dst": "0.0.0.0/0"}]}
}`

// interfaceCase is one kind of interface, attached beside the default network.
type interfaceCase struct {
	name    string
	network string
	prepare func(*host)
	kind    string // of the link in the pod
	address string
	look    func(t *testing.T, n *host, p *pod) // nil: there is no more to see
}

func interfaceCases() []interfaceCase {
	// One address: a lease that is not freed keeps the next pod out.
	const oneLease = `{"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24",
		"rangeStart": "10.2.0.2", "rangeEnd": "10.2.0.2"}`
	const static = `"ipam": {"type": "static", "addresses": [{"address": "10.2.0.5/24"}]}`
	return []interfaceCase{
		{
			name: "bridge", kind: "veth", address: "10.2.0.2/24", look: lookAtBridge,
			network: `{"name": "second", "type": "bridge", "bridge": "br-second", "mtu": 1400, "hairpinMode": true,
				"ipam": ` + oneLease + `}`,
		}, {
			name: "ptp", kind: "veth", address: "10.2.0.2/24", look: lookAtPtp,
			network: `{"name": "second", "type": "ptp", "ipMasq": false,
				"ipam": ` + oneLease + `}`,
		}, {
			name: "macvlan", kind: "macvlan", address: "10.2.0.5/24", prepare: parent, look: lookAtMacvlan,
			network: `{"name": "second", "type": "macvlan", "master": "up0", "mode": "bridge", "mtu": 1300, ` + static + `}`,
		}, {
			name: "macvlan on a vxlan tunnel", kind: "macvlan", address: "10.2.0.5/24", prepare: tunnel,
			network: `{"name": "second", "type": "macvlan", "master": "vx42", ` + static + `}`,
		}, {
			name: "host-device", kind: "veth", address: "10.2.0.5/24", prepare: parent, look: lookAtHostDevice,
			network: `{"name": "second", "type": "host-device", "device": "up0", ` + static + `}`,
		}, {
			name: "host-device, a vxlan tunnel", kind: "vxlan", address: "10.2.0.5/24", prepare: tunnel,
			network: `{"name": "second", "type": "host-device", "device": "vx42", ` + static + `}`,
		}, {
			name: "tap", kind: "tuntap", address: "10.2.0.5/24",
			network: `{"name": "second", "type": "tap", "multiQueue": true, "owner": 0, "group": 0, ` + static + `}`,
		},
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	for _, tc := range interfaceCases() {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			if tc.prepare != nil {
				tc.prepare(n)
			}
			p := n.newPod(t, "web")
			p.life(n.conf("1.1.0", clusterBridge, withVersion("1.1.0", tc.network)), func(result *current.Result) {
				tc.see(t, p, result)
				if tc.look != nil {
					tc.look(t, n, p)
				}
			})
		})
	}
}

// withVersion is the configuration, an object without one, with a version.
func withVersion(version, config string) string {
	return `{"cniVersion": "` + version + `", ` + config[1:]
}

// see looks at what all kinds have in common.
func (tc interfaceCase) see(t *testing.T, p *pod, result *current.Result) {
	t.Helper()
	same(t, "interfaces", p.Links(), []string{"eth0", "net0"})
	same(t, "kind of net0", p.Link("net0").Type(), tc.kind)
	same(t, "addresses of eth0", p.Addresses("eth0"), []string{result.IPs[0].Address.String()})
	same(t, "addresses of net0", p.Addresses("net0"), []string{tc.address})
	same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), []string{"default via 10.1.0.1 dev eth0"})
	same(t, "net0 is up", p.Link("net0").Attrs().Flags&net.FlagUp, net.FlagUp)
	if records := p.node.Files(p.node.Node.Path("cni/sandboxes"), false); len(records) == 0 {
		t.Error("no record of an attached sandbox")
	}
	if slices.ContainsFunc(result.Interfaces, func(i *current.Interface) bool { return i.Name == "net0" }) {
		t.Errorf("the answer tells of the second network: %+v", result.Interfaces)
	}
}

func lookAtBridge(t *testing.T, n *host, p *pod) {
	same(t, "leases", len(n.leases()), 2)
	same(t, "MTU of net0", p.Link("net0").Attrs().MTU, 1400)
	port := n.Link(peer(n, p, "net0"))
	same(t, "bridge of the host's end", port.Attrs().MasterIndex, n.Index("br-second"))
	same(t, "hairpin mode", port.Attrs().Protinfo == nil || port.Attrs().Protinfo.Hairpin, true)
}

func lookAtPtp(t *testing.T, n *host, p *pod) {
	want := "10.2.0.2/32 dev " + peer(n, p, "net0")
	if routes := n.Routes(netlink.FAMILY_V4); !slices.Contains(routes, want) {
		t.Errorf("the host has no route %q, but %q", want, routes)
	}
}

func lookAtMacvlan(t *testing.T, n *host, p *pod) {
	same(t, "MTU of net0", p.Link("net0").Attrs().MTU, 1300)
	same(t, "parent of net0", p.Link("net0").Attrs().ParentIndex, n.Index("up0"))
}

func lookAtHostDevice(t *testing.T, n *host, _ *pod) {
	if slices.Contains(n.Links(), "up0") {
		t.Error("up0 is in the pod and on the host")
	}
}

// peer is the name of the host's end of a pod's veth.
func peer(n *host, p *pod, name string) string {
	p.t.Helper()
	other, err := n.Handle().LinkByIndex(p.Link(name).Attrs().ParentIndex)
	cnitest.Must(p.t, err)
	return other.Attrs().Name
}

// parent gives the node an uplink.
func parent(n *host) { n.Veth("up0") }

// tunnel gives the node a vxlan device on an uplink.
func tunnel(n *host) {
	n.Veth("up0", "192.0.2.1/24")
	n.addVxlan("192.0.2.2")
}
