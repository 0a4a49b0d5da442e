package plugins_test

import (
	"encoding/json"
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/test/node"
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

// defaultRouteCases have the networks plain, without default routes, own4, own6
// and own, with those of their own.
func defaultRouteCases() []defaultRouteCase {
	return []defaultRouteCase{
		{"nobody asks", `[{"name": "plain"}]`, []string{clusterV4}, []string{clusterV6}},
		{"nobody asks, and there are two", `[{"name": "own"}]`,
			[]string{clusterV4, "default via 10.2.0.1 dev net0"}, []string{clusterV6 + " via fd00:2::1 dev net0"}},
		{"an IPv4 gateway", `[{"name": "plain", "default-route": ["10.2.0.1"]}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{clusterV6}},
		{"an IPv6 gateway", `[{"name": "plain", "default-route": ["fd00:2::1"]}]`,
			[]string{clusterV4}, []string{"default via fd00:2::1 dev net0"}},
		{"gateways of both families", `[{"name": "plain", "default-route": ["10.2.0.1", "fd00:2::1"]}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{"default via fd00:2::1 dev net0"}},
		{"another gateway than the plugin's", `[{"name": "own", "default-route": ["10.2.0.254"]}]`,
			[]string{"default via 10.2.0.254 dev net0"}, []string{clusterV6 + " via fd00:2::1 dev net0"}},
		{"the plugin's own of both families", `[{"name": "own", "default-route": []}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{"default via fd00:2::1 dev net0"}},
		{"the plugin's own of IPv4", `[{"name": "own4", "default-route": []}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{clusterV6}},
		{"the plugin's own of IPv6", `[{"name": "own6", "default-route": []}]`,
			[]string{clusterV4}, []string{"default via fd00:2::1 dev net0"}},
		{"the plugin's own, and it has none", `[{"name": "plain", "default-route": []}]`,
			[]string{clusterV4}, []string{clusterV6}},
		{"a third network with its own", `[{"name": "own"}, {"name": "plain", "default-route": ["10.2.0.1", "fd00:2::1"]}]`,
			[]string{"default via 10.2.0.1 dev net1"}, []string{"default via fd00:2::1 dev net1"}},
		{"a network twice", `[{"name": "own", "default-route": []}, {"name": "own"}]`,
			[]string{"default via 10.2.0.1 dev net0"}, []string{"default via fd00:2::1 dev net0"}},
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
	n.nad("own6", wan(routeV6))
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
		if ones, _ := r.Dst.Mask.Size(); ones == 0 {
			told = append(told, r.Dst.IP.String())
		}
	}
	for _, r := range p.DefaultRoutes(netlink.FAMILY_ALL) {
		switch {
		case strings.HasPrefix(r, clusterV4):
			real = append(real, "0.0.0.0")
		case strings.HasPrefix(r, clusterV6):
			real = append(real, "::")
		}
	}
	same(p.t, "default routes in the answer", told, real)
}

// TestDefaultRoutePreference has several gateways of one family, the first one
// preferred.
func TestDefaultRoutePreference(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	p := n.annotated(t, "web", `[{"name": "plain", "default-route": ["10.2.0.9", "10.2.0.8", "10.2.0.7", "fd00:2::9", "fd00:2::8"]}]`)
	p.life(n.conf("1.1.0", chain("1.1.0")), func(*current.Result) {
		same(t, "IPv4 gateways", p.gateways("net0", netlink.FAMILY_V4), []string{"10.2.0.9", "10.2.0.8", "10.2.0.7"})
		same(t, "IPv6 gateways", p.gateways("net0", netlink.FAMILY_V6), []string{"fd00:2::9", "fd00:2::8"})
		same(t, "number of default routes", len(p.DefaultRoutes(netlink.FAMILY_ALL)), 5)
	})
}

// TestDefaultRouteIsPublished tells the cluster who carries the default route.
func TestDefaultRouteIsPublished(t *testing.T) {
	t.Parallel()
	n := newRoutedNode(t)
	p := n.annotated(t, "web", `[{"name": "own4", "default-route": []}, {"name": "plain"}]`)
	p.life(n.conf("1.1.0", chain("1.1.0")), func(*current.Result) {
		var got []struct {
			Name         string   `json:"name"`
			Interface    string   `json:"interface"`
			DefaultRoute []string `json:"default-route"`
		}
		status := n.API.Annotations("default", "web")[node.NetworkStatus]
		if err := json.Unmarshal([]byte(status), &got); err != nil {
			t.Fatalf("network-status: %v: %s", err, status)
		}
		if len(got) != 3 || cmp.Diff(got[1].DefaultRoute, []string{"10.2.0.1"}) != "" ||
			got[1].Name != "default/own4" || got[0].DefaultRoute != nil || got[2].DefaultRoute != nil {
			t.Errorf("network-status: %s", status)
		}
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
