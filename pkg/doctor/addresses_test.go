package doctor

import (
	"math"
	"slices"
	"testing"

	"github.com/multus-cni/multus/pkg/netconf"
)

// An interface gets one address of each set of ranges, and so each set runs out by itself.
func TestPools(t *testing.T) {
	tests := []struct {
		name, ipam string
		want       []int // the sizes
	}{
		{"one network", `"subnet": "10.0.0.0/24"`, []int{253}}, // without network, gateway, broadcast
		{"a part of it", `"subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10", "rangeEnd": "10.0.0.19"`, []int{10}},
		{"up to its end", `"subnet": "10.0.0.0/24", "rangeStart": "10.0.0.250"`, []int{5}},
		{"both families", `"ranges": [[{"subnet": "10.0.0.0/30"}], [{"subnet": "2001:db8::/64"}]]`, []int{1, math.MaxInt32}},
		{"a set of two", `"ranges": [[{"subnet": "10.0.0.0/29"}, {"subnet": "10.0.1.0/29"}]]`, []int{10}},
		{"few of IPv6", `"subnet": "2001:db8::/120", "rangeStart": "2001:db8::10", "rangeEnd": "2001:db8::1f"`, []int{16}},
		{"what the plugin refuses", `"subnet": "10.0.0.7/24"`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, _, err := netconf.Parse([]byte(`{"cniVersion": "1.0.0", "name": "n", "type": "bridge", "ipam": {"type": "host-local", `+tt.ipam+`}}`), "")
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, p := range poolsOf(network{name: "n", list: list}, list.Plugins()[0]) {
				got = append(got, p.size)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
