package delegate_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
)

// pod is a namespace with eth0, net0 and net1, dual-stack, without default routes.
func pod(t *testing.T) *cnitest.NetNS {
	t.Helper()
	n := cnitest.NewNetNS(t)
	for i, name := range []string{"eth0", "net0", "net1"} {
		n.Veth(name, fmt.Sprintf("10.0.%d.2/24", i), fmt.Sprintf("fd00:%d::2/64", i))
	}
	return n
}

// attachments are eth0, net0 and net1, of which net0 carries the default route.
func attachments(gateways ...string) []plan.Attachment {
	return []plan.Attachment{
		{Network: "default", Interface: "eth0"},
		{Network: "ns/a", Interface: "net0", DefaultRoute: &plan.DefaultRoute{Gateways: gateways}},
		{Network: "ns/b", Interface: "net1"},
	}
}

// none are results that tell of nothing.
func none() []json.RawMessage {
	return []json.RawMessage{[]byte(`{"cniVersion":"1.1.0"}`), []byte(`{"cniVersion":"1.1.0"}`), nil}
}

// route is one default route of a namespace before Routes.
type route struct {
	dev, dst, via string
	metric        int
}

func TestRoutesInTheKernel(t *testing.T) {
	eth0 := []route{{"eth0", "0.0.0.0/0", "10.0.0.1", 0}, {"eth0", "::/0", "fd00:0::1", 0}}
	tests := []struct {
		name     string
		before   []route
		gateways []string
		claims   string // of net0
		v4, v6   []string
	}{
		{"v4 gateway, v6 stays", eth0, []string{"10.0.1.1"}, "", []string{"default via 10.0.1.1 dev net0"}, []string{"default via fd00::1 dev eth0"}},
		{"v6 gateway, v4 stays", eth0, []string{"fd00:1::1"}, "", []string{"default via 10.0.0.1 dev eth0"}, []string{"default via fd00:1::1 dev net0"}},
		{"both families", eth0, []string{"fd00:1::1", "10.0.1.1"}, "", []string{"default via 10.0.1.1 dev net0"}, []string{"default via fd00:1::1 dev net0"}},
		{"several of a family", eth0, []string{"10.0.1.1", "fd00:1::1", "10.0.1.3", "fd00:1::3", "10.0.1.4"}, "",
			[]string{"default via 10.0.1.1 dev net0", "default via 10.0.1.3 dev net0 metric 1", "default via 10.0.1.4 dev net0 metric 2"},
			[]string{"default via fd00:1::1 dev net0", "default via fd00:1::3 dev net0 metric 1025"}},
		{"link-local gateway", eth0, []string{"fe80::1"}, "", []string{"default via 10.0.0.1 dev eth0"}, []string{"default via fe80::1 dev net0"}},
		{"own routes are replaced, any metric", []route{{"net0", "0.0.0.0/0", "10.0.1.9", 0}, {"net0", "0.0.0.0/0", "", 50}, {"eth0", "0.0.0.0/0", "", 300}},
			[]string{"10.0.1.1"}, "", []string{"default via 10.0.1.1 dev net0"}, []string{}},
		{"another metric for the same gateway", []route{{"net0", "0.0.0.0/0", "10.0.1.1", 7}}, []string{"10.0.1.1"}, "",
			[]string{"default via 10.0.1.1 dev net0"}, []string{}},
		{"empty list keeps the kernel's", append(eth0, route{"net0", "0.0.0.0/0", "10.0.1.1", 9}), nil, "",
			[]string{"default via 10.0.1.1 dev net0 metric 9"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list puts the result's in place", eth0, nil, `"routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"},{"dst":"::0/0","gw":"fd00:1::1"}]`,
			[]string{"default via 10.0.1.1 dev net0"}, []string{"default via fd00:1::1 dev net0"}},
		{"empty list, gateway of the address", eth0, nil, `"ips":[{"address":"10.0.1.2/24","gateway":"10.0.1.1"}],"routes":[{"dst":"0.0.0.0/0"}]`,
			[]string{"default via 10.0.1.1 dev net0"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list, no gateway at all", eth0, nil, `"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0","priority":5}]`,
			[]string{"default dev net0"}, []string{"default dev net0 metric 5"}},
		{"empty list, a metric that the result does not tell", append(eth0, route{"net0", "0.0.0.0/0", "10.0.1.1", 9}), nil, `"routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"}]`,
			[]string{"default via 10.0.1.1 dev net0 metric 9"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list, neither metric nor gateway told", append(eth0, route{"net0", "0.0.0.0/0", "10.0.1.1", 9}), nil, `"routes":[{"dst":"0.0.0.0/0"}]`,
			[]string{"default via 10.0.1.1 dev net0 metric 9"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list, an IPv6 metric that the result does not tell", append(eth0, route{"net0", "::/0", "fd00:1::1", 9}), nil, `"routes":[{"dst":"::/0","gw":"fd00:1::1"}]`,
			[]string{"default via 10.0.0.1 dev eth0"}, []string{"default via fd00:1::1 dev net0 metric 9"}},
		{"empty list, a second route that the plugin could not make", append(eth0, route{"net0", "0.0.0.0/0", "10.0.1.1", 9}), nil,
			`"routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1","priority":9},{"dst":"0.0.0.0/0","gw":"10.0.1.2"}]`,
			[]string{"default via 10.0.1.1 dev net0 metric 9", "default via 10.0.1.2 dev net0"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list, another table", eth0, nil, `"routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1","table":100}]`,
			[]string{"default via 10.0.0.1 dev eth0"}, []string{"default via fd00::1 dev eth0"}},
		{"empty list, no default route anywhere", nil, nil, "", []string{}, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := pod(t)
			for _, r := range tt.before {
				n.AddRoute(r.dev, r.dst, r.via, r.metric)
			}
			results := none()
			if tt.claims != "" {
				results[1] = json.RawMessage(`{"cniVersion":"1.1.0",` + tt.claims + `}`)
			}
			for range 2 { // doing it again changes nothing
				if _, err := delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments(tt.gateways...), results); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([][]string{tt.v4, tt.v6}, defaults(n)); diff != "" {
					t.Errorf("default routes (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func defaults(n *cnitest.NetNS) [][]string {
	return [][]string{n.DefaultRoutes(netlink.FAMILY_V4), n.DefaultRoutes(netlink.FAMILY_V6)}
}

// TestRoutesOverSeveralHops has defaults that lead out of two interfaces at once.
func TestRoutesOverSeveralHops(t *testing.T) {
	tests := []struct {
		name     string
		dst      string
		hops     [][2]string // interface, gateway
		gateways []string
		want     [][]string
	}{
		{"v4, listed", "0.0.0.0/0", [][2]string{{"eth0", "10.0.0.1"}, {"net0", "10.0.1.9"}}, []string{"10.0.1.1"},
			[][]string{{"default via 10.0.1.1 dev net0"}, {}}},
		{"v4, others only", "0.0.0.0/0", [][2]string{{"eth0", "10.0.0.1"}, {"net1", "10.0.2.1"}}, []string{"10.0.1.1"},
			[][]string{{"default via 10.0.1.1 dev net0"}, {}}},
		{"v6, listed", "::/0", [][2]string{{"eth0", "fd00:0::1"}, {"net1", "fd00:2::1"}}, []string{"fd00:1::1"},
			[][]string{{}, {"default via fd00:1::1 dev net0"}}},
		{"v4, own hop kept", "0.0.0.0/0", [][2]string{{"eth0", "10.0.0.1"}, {"net0", "10.0.1.9"}}, nil,
			[][]string{{"default via 10.0.1.9 dev net0"}, {}}},
		{"v4, own hops kept", "0.0.0.0/0", [][2]string{{"eth0", "10.0.0.1"}, {"net0", "10.0.1.9"}, {"net0", "10.0.1.8"}}, nil,
			[][]string{{"default via 10.0.1.9 dev net0 via 10.0.1.8 dev net0"}, {}}},
		{"v6, own hop kept", "::/0", [][2]string{{"eth0", "fd00:0::1"}, {"net0", "fd00:1::9"}}, nil,
			[][]string{{}, {"default via fd00:1::9 dev net0"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := pod(t)
			addHops(t, n, tt.dst, tt.hops)
			if _, err := delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments(tt.gateways...), none()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, defaults(n)); diff != "" {
				t.Errorf("default routes (-want +got):\n%s", diff)
			}
		})
	}
}

func addHops(t *testing.T, n *cnitest.NetNS, dst string, hops [][2]string) {
	t.Helper()
	prefix, err := netlink.ParseIPNet(dst)
	if err != nil {
		t.Fatal(err)
	}
	r := &netlink.Route{Dst: prefix}
	for _, h := range hops {
		r.MultiPath = append(r.MultiPath, &netlink.NexthopInfo{LinkIndex: n.Index(h[0]), Gw: netlink.NewIPNet(parseIP(t, h[1])).IP})
	}
	if err := n.Handle().RouteAdd(r); err != nil {
		t.Fatal(err)
	}
}

// TestRoutesLeaveTheRestAlone keeps routes of other tables and destinations.
func TestRoutesLeaveTheRestAlone(t *testing.T) {
	n := pod(t)
	n.AddRoute("eth0", "0.0.0.0/0", "10.0.0.1", 0)
	n.AddRoute("eth0", "192.168.0.0/16", "10.0.0.1", 0)
	n.AddRoute("eth0", "0.0.0.0/1", "10.0.0.1", 0)
	prefix, err := netlink.ParseIPNet("0.0.0.0/0")
	if err != nil {
		t.Fatal(err)
	}
	other := &netlink.Route{LinkIndex: n.Index("net1"), Dst: prefix, Gw: parseIP(t, "10.0.2.1"), Table: 100}
	if err := n.Handle().RouteAdd(other); err != nil {
		t.Fatal(err)
	}
	if _, err := delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments("10.0.1.1"), none()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0.0.0.0/1 via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0", "10.0.1.0/24 dev net0", "10.0.2.0/24 dev net1",
		"192.168.0.0/16 via 10.0.0.1 dev eth0", "default via 10.0.1.1 dev net0",
	}
	if diff := cmp.Diff(want, n.Routes(netlink.FAMILY_V4)); diff != "" {
		t.Errorf("main table (-want +got):\n%s", diff)
	}
	left, err := n.Handle().RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: 100}, netlink.RT_FILTER_TABLE)
	if err != nil || len(left) != 1 {
		t.Errorf("table 100 has %v, %v", left, err)
	}
}

// TestRoutesThroughAHostRoute has the only address that a ptp plugin gives.
func TestRoutesThroughAHostRoute(t *testing.T) {
	n := cnitest.NewNetNS(t)
	n.Veth("net0", "10.9.0.2/32")
	n.AddRoute("net0", "10.9.0.1/32", "", 0)
	if _, err := delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments("10.9.0.1"), none()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"default via 10.9.0.1 dev net0"}, {}}, defaults(n)); diff != "" {
		t.Errorf("default routes (-want +got):\n%s", diff)
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	n := pod(t)
	bare := cnitest.NewNetNS(t)
	const off = "it has to be another host of one of their subnets, or the network has to make a route to it: "
	tests := []struct {
		name     string
		netns    string
		gateways []string
		want     string
	}{
		{"off-link", n.Path, []string{"10.7.0.1"},
			"gateway 10.7.0.1 is not reachable from the addresses of net0 (10.0.1.2/24): " + off + "network is unreachable"},
		{"v6 off-link", n.Path, []string{"fd77::1"}, "gateway fd77::1 is not reachable from the addresses of net0 ("},
		{"no address", n.Path, []string{"10.0.1"}, `"10.0.1" is no IP address`},
		{"zone", n.Path, []string{"fe80::1%net0"}, `"fe80::1%net0" is no IP address`},
		{"no such interface", bare.Path, []string{"10.0.1.1"}, "interface net0, which is to carry it, in the sandbox: Link not found"},
		{"no namespace", "", []string{"10.0.1.1"}, "the sandbox has no network namespace"},
		{"a file that is no namespace", "/etc/hostname", []string{"10.0.1.1"}, "network namespace /etc/hostname: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := delegate.Routes(plan.Sandbox{NetNS: tt.netns}, attachments(tt.gateways...), none())
			if want := "network ns/a (net0): default-route: " + tt.want; err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
				t.Errorf("got error %v\nwant %s", err, want)
			}
		})
	}
}

func TestRoutesOfADownInterface(t *testing.T) {
	n := pod(t)
	link, err := n.Handle().LinkByName("net0")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Handle().LinkSetDown(link); err != nil {
		t.Fatal(err)
	}
	_, err = delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments("10.0.1.1"), none())
	if want := "network ns/a (net0): default-route: interface net0 is down: its plugin has to bring it up"; text(err) != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestRoutesWithoutACarrierTouchNothing(t *testing.T) {
	results := []json.RawMessage{[]byte("{{{")}
	got, err := delegate.Routes(plan.Sandbox{}, []plan.Attachment{{Interface: "eth0"}}, results)
	if err != nil || len(got) != 1 || string(got[0]) != "{{{" {
		t.Errorf("got %s, %v", got, err)
	}
}
