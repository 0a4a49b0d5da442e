package plugins_test

import (
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
)

// mapping is one element of the runtime's portMappings.
type mapping struct {
	HostPort      int    `json:"hostPort"`
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol"`
}

func TestPortMappings(t *testing.T) {
	t.Parallel()
	for backend, programs := range map[string][]string{"nftables": {"nft"}, "iptables": {"iptables", "ip6tables"}} {
		t.Run(backend, func(t *testing.T) {
			needs(t, programs...)
			n := newNode(t)
			outside := n.newOutside("up0")
			p := n.newPod(t, "web")
			c := n.conf("1.1.0", chain("1.1.0",
				`{"type": "portmap", "backend": "`+backend+`", "snat": true, "capabilities": {"portMappings": true}}`)).
				runtime("portMappings", []mapping{{8080, 80, "tcp"}, {8053, 53, "udp"}})
			p.life(c, func(*current.Result) {
				defer listen(p.NetNS, "10.1.0.2:80")()
				reach(t, outside, "192.0.2.1:8080")
				defer listen(p.NetNS, "[fd00:1::2]:80")()
				reach(t, outside, "[2001:db8::1]:8080")
				closed(t, outside, "192.0.2.1:81")
			})
			closed(t, outside, "192.0.2.1:8080")
		})
	}
}

// TestPortMappingsOfTheRuntime gives the runtime's ports to the default network
// alone, though the other one can map ports as well.
func TestPortMappingsOfTheRuntime(t *testing.T) {
	t.Parallel()
	needs(t, "nft")
	n := newNode(t)
	p := n.newPod(t, "web")
	const portmap = `{"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": true}}`
	second := `{"cniVersion": "1.1.0", "name": "second", "plugins": [
		{"type": "ptp", "ipam": {"type": "static", "addresses": [{"address": "10.2.0.5/24", "gateway": "10.2.0.1"}]}}, ` + portmap + `]}`
	c := n.conf("1.1.0", chain("1.1.0", portmap), second).
		runtime("portMappings", []mapping{{8080, 80, "tcp"}})
	p.life(c, func(*current.Result) {
		same(t, "rules to the default network", len(n.rules("dnat to 10.1.0.2:80")), 1)
		same(t, "rules to the second network", n.rules("10.2.0.5"), []string{})
	})
}
