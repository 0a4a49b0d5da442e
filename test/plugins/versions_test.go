package plugins_test

import (
	"strconv"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/test/node"
)

func versions() []string { return []string{"0.1.0", "0.2.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"} }

// TestVersions pairs every version of the configuration with every version of
// the networks: results are converted one way and the other.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, own := range versions() {
		t.Run(own, func(t *testing.T) {
			n := newNode(t)
			for _, theirs := range versions() {
				p := n.newPod(t, "of-"+theirs)
				c := n.conf(own, `{"cniVersion": "`+theirs+`", "name": "cluster", "type": "bridge", "bridge": "br-cluster",
					"isGateway": true, "ipam": {"type": "host-local", "dataDir": "$DIR/ipam",
					"ranges": [`+rangeV4+`], "routes": [`+routeV4+`]}}`)
				lifeOf(t, p, c)
			}
		})
	}
}

// TestVersionsOfChains is about lists, whose plugins hand results on.
func TestVersionsOfChains(t *testing.T) {
	t.Parallel()
	for _, version := range versions()[2:] {
		t.Run(version, func(t *testing.T) {
			n := newNode(t)
			lifeOf(t, n.newPod(t, "web"), n.conf(version,
				chain(version, `{"type": "tuning", "dataDir": "$DIR/tuning", "mtu": 1400}`)))
		})
	}
}

// lifeOf is a pod's life, CHECK and GC included only where the configuration's
// version has them.
func lifeOf(t *testing.T, p *pod, c conf) {
	t.Helper()
	version := c["cniVersion"].(string)
	before := p.node.traces()
	result := p.add(c)
	same(t, "address in the answer", answered(result)[0], "10.1.0.2/24")
	if version >= "0.4.0" {
		p.check(c)
	} else {
		same(t, "code of CHECK", p.refused("CHECK", c).Code, types.ErrIncompatibleCNIVersion)
	}
	valid := []types.GCAttachment{{ContainerID: p.id, IfName: "eth0"}}
	gc := p.node.Run("GC", c.with("cni.dev/valid-attachments", valid), node.Sandbox{})
	same(t, "GC succeeds in version "+version, gc.Exit == 0, version >= "1.1.0")
	same(t, "interfaces after GC", p.Links(), []string{"eth0"})
	p.del(c)
	p.gone(before, result)
	p.del(c)
}

// TestVersionsOfSecondNetworks keeps what older networks answer away from the
// runtime, and still checks and detaches them.
func TestVersionsOfSecondNetworks(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	networks := []string{clusterBridge}
	want := []string{"eth0"}
	for i, v := range versions() {
		networks = append(networks, `{"cniVersion": "`+v+`", "name": "second", "type": "ptp",
			"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.`+strconv.Itoa(i)+`.0/24"}}`)
		want = append(want, "net"+strconv.Itoa(i))
	}
	p := n.newPod(t, "web")
	p.life(n.conf("1.1.0", networks...), func(result *current.Result) {
		same(t, "interfaces", p.Links(), want)
		same(t, "addresses in the answer", answered(result), p.Addresses("eth0"))
		same(t, "leases", len(n.leases()), len(networks))
	})
}
