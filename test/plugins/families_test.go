package plugins_test

import (
	"slices"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"
)

// Ranges of one address, and default routes, of the two families. A lease that
// is not freed keeps the next pod out.
const (
	rangeV4 = `[{"subnet": "10.1.0.0/24", "rangeStart": "10.1.0.2", "rangeEnd": "10.1.0.2"}]`
	rangeV6 = `[{"subnet": "fd00:1::/64", "rangeStart": "fd00:1::2", "rangeEnd": "fd00:1::2"}]`
	routeV4 = `{"dst": "0.0.0.0/0"}`
	routeV6 = `{"dst": "::/0"}`
)

type familyCase struct {
	name           string
	ranges, routes string
	addresses      []string
	defaults       []string
	leases         []string
}

func familyCases() []familyCase {
	v4 := familyCase{
		"IPv4", rangeV4, routeV4,
		[]string{"10.1.0.2/24"}, []string{"default via 10.1.0.1 dev eth0"}, []string{"cluster/10.1.0.2"},
	}
	v6 := familyCase{
		"IPv6", rangeV6, routeV6,
		[]string{"fd00:1::2/64"}, []string{"default via fd00:1::1 dev eth0"}, []string{"cluster/fd00:1::2"},
	}
	return []familyCase{v4, v6, {
		"both", v4.ranges + "," + v6.ranges, v4.routes + "," + v6.routes,
		slices.Concat(v4.addresses, v6.addresses), slices.Concat(v4.defaults, v6.defaults), slices.Concat(v4.leases, v6.leases),
	}}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	for plugin, members := range map[string]string{"bridge": `"bridge": "br-cluster", "isGateway": true`, "ptp": `"mtu": 1500`} {
		for _, tc := range familyCases() {
			t.Run(plugin+" "+tc.name, func(t *testing.T) {
				n := newNode(t)
				p := n.newPod(t, "web")
				c := n.conf("1.0.0", `{"cniVersion": "1.0.0", "name": "cluster", "type": "`+plugin+`", `+members+`,
					"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "ranges": [`+tc.ranges+`], "routes": [`+tc.routes+`]}}`)
				p.life(c, func(result *current.Result) {
					same(t, "addresses in the answer", answered(result), tc.addresses)
					same(t, "addresses", p.Addresses("eth0"), tc.addresses)
					same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_ALL), tc.defaults)
					same(t, "leases", n.leases(), tc.leases)
				})
			})
		}
	}
}

// answered are the addresses of a result, sorted.
func answered(result *current.Result) []string {
	var list []string
	for _, ip := range result.IPs {
		list = append(list, ip.Address.String())
	}
	slices.Sort(list)
	return list
}
