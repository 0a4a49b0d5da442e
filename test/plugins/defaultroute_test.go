package plugins_test

import (
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"
)

// wan is a network of both families, with the default routes that it is given.
func wan(routes string) string {
	return `{"cniVersion": "1.1.0", "type": "bridge", "bridge": "br-wan", "isGateway": true,
		"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "ranges": [
			[{"subnet": "10.2.0.0/24"}], [{"subnet": "fd00:2::/64"}]], "routes": [` + routes + `]}}`
}

// What the default network's plugin makes.
const (
	clusterV4 = "default via 10.1.0.1 dev eth0"
	clusterV6 = "default via fd00:1::1 dev eth0"
)

type defaultRouteCase struct {
	name     string
	networks string // the annotation
	v4, v6   []string
}

// defaultRouteCases have the networks plain, without default routes, own4 and own, with
// those of their own.
func defaultRouteCases() []defaultRouteCase {
	return []defaultRouteCase{
		{"nobody asks", `[{"name": "plain"}]`, []string{clusterV4}, []string{clusterV6}},
		{"nobody asks, and there are two", `[{"name": "own"}]`,
			[]string{clusterV4, "default via 10.2.0.1 dev net0"}, []string{clusterV6 + " via fd00:2::1 dev net0"}},
		{"gateways of both families", `[{"name": "plain", "default-route": ["10.2.0.1", "fd00:2::1"]}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{"default via fd00:2::1 dev net0"}},
		{"the plugin's own of both families", `[{"name": "own", "default-route": []}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{"default via fd00:2::1 dev net0"}},
		{"the plugin's own of IPv4", `[{"name": "own4", "default-route": []}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{clusterV6}},
		{"the plugin's own, and it has none", `[{"name": "plain", "default-route": []}]`,
			[]string{clusterV4}, []string{clusterV6}},
		{"a third network with its own", `[{"name": "own"}, {"name": "plain", "default-route": ["10.2.0.1", "fd00:2::1"]}]`,
			[]string{"default via 10.2.0.1 dev net1"}, []string{"default via fd00:2::1 dev net1"}},
		{"an interface of another name", `[{"name": "own4", "interface": "wan0", "default-route": ["10.2.0.1"]}]`,
			[]string{"default via 10.2.0.1 dev wan0"}, []string{clusterV6}},
		{"a network without IPv6", `[{"name": "ipv4", "default-route": ["10.2.0.1"]}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{clusterV6}},
	}
}

func newRoutedNode(t *testing.T) *host {
	n := newNode(t)
	n.Cluster()
	n.nad("plain", wan(""))
	n.nad("own", wan(routeV4+","+routeV6))
	n.nad("own4", wan(routeV4))
	n.nad("ipv4", `{"cniVersion": "1.1.0", "type": "ptp",
		"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24"}}`)
	return n
}

func TestDefaultRoute(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	c := n.conf("1.1.0", chain("1.1.0"))
	for i, tc := range defaultRouteCases() {
		t.Run(tc.name, func(t *testing.T) {
			p := n.annotated(t, "pod-"+string(rune('a'+i)), tc.networks)
			p.life(c, func(result *current.Result) {
				same(t, "IPv4 default routes", p.DefaultRoutes(netlink.FAMILY_V4), tc.v4)
				same(t, "IPv6 default routes", p.DefaultRoutes(netlink.FAMILY_V6), tc.v6)
				p.seesOwnRoutes(result)
			})
		})
	}
}

// seesOwnRoutes makes sure that the answer says of the default network what the
// kernel says of eth0.
func (p *pod) seesOwnRoutes(result *current.Result) {
	p.t.Helper()
	told, real := []string{}, []string{}
	for _, r := range result.Routes {
		told = append(told, r.Dst.String())
	}
	for _, r := range p.DefaultRoutes(netlink.FAMILY_ALL) {
		switch {
		case strings.HasPrefix(r, clusterV4):
			real = append(real, "0.0.0.0/0")
		case strings.HasPrefix(r, clusterV6):
			real = append(real, "::/0")
		}
	}
	same(p.t, "routes in the answer", told, real)
}

// TestDefaultRoutePreference has several gateways of one family, the first one
// preferred.
func TestDefaultRoutePreference(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	p := n.annotated(t, "web", `[{"name": "plain", "default-route": ["10.2.0.9", "10.2.0.8", "10.2.0.7", "fd00:2::9", "fd00:2::8"]}]`)
	p.life(n.conf("1.1.0", chain("1.1.0")), func(*current.Result) {
		same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), []string{
			"default via 10.2.0.7 dev net0 metric 2", "default via 10.2.0.8 dev net0 metric 1", "default via 10.2.0.9 dev net0",
			"default via fd00:2::8 dev net0 metric 1025", "default via fd00:2::9 dev net0",
		})
	})
}

// TestDefaultRouteIsPublished tells the cluster who carries the default route.
func TestDefaultRouteIsPublished(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	p := n.annotated(t, "web", `[{"name": "own4", "default-route": []}, {"name": "plain"}]`)
	p.life(n.conf("1.1.0", chain("1.1.0")), func(*current.Result) {
		carriers := map[string][]string{}
		for _, s := range n.status(p) {
			carriers[s.Name] = s.DefaultRoute
		}
		same(t, "default-route in network-status", carriers,
			map[string][]string{"cluster": nil, "default/own4": {"10.2.0.1"}, "default/plain": nil})
	})
}

// TestDefaultRouteOutOfReach fails ADD, and leaves nothing, where the kernel
// takes no route through the gateway.
func TestDefaultRouteOutOfReach(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	p := n.annotated(t, "web", `[{"name": "plain", "default-route": ["203.0.113.1"]}]`)
	p.neverAdded(n.conf("1.1.0", chain("1.1.0")), "default/plain (net0)", "203.0.113.1")
}
