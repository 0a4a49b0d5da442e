package cnitest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

func TestNetNSIsPrivateAndGoesWithTheTest(t *testing.T) {
	var path string
	t.Run("inner", func(t *testing.T) {
		n := cnitest.NewNetNS(t)
		path = n.Path
		if got := n.Links(); len(got) != 0 {
			t.Errorf("a new namespace has %v", got)
		}
		n.Veth("net0", "10.0.0.2/24", "fd00::2/64")
		n.AddRoute("net0", "0.0.0.0/0", "10.0.0.1", 7)
		got := [][]string{n.Links(), n.Addresses("net0"), n.DefaultRoutes(netlink.FAMILY_ALL)}
		want := [][]string{{"net0"}, {"10.0.0.2/24", "fd00::2/64"}, {"default via 10.0.0.1 dev net0 metric 7"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("links, addresses, routes (-want +got):\n%s", diff)
		}
		n.Do(func() error {
			routes, err := os.ReadFile("/proc/thread-self/net/route")
			if !strings.Contains(string(routes), "net0") {
				t.Errorf("Do is elsewhere: the routes there are\n%s", routes)
			}
			return err
		})
	})
	if path == "" {
		t.Skip("network namespaces need root")
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), path) {
		t.Errorf("%s is still mounted, or %v", path, err)
	}
}
