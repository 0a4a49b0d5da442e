package plugins_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/test/node"
)

// requestNode has networks that grant what pods ask for.
func requestNode(t *testing.T) *host {
	n := newNode(t)
	n.Cluster()
	n.nad("fixed", `{"cniVersion": "1.1.0", "plugins": [
		{"type": "bridge", "bridge": "br-fixed", "capabilities": {"mac": true, "ips": true}, "ipam": {"type": "static"}}]}`)
	n.nad("tuned", `{"cniVersion": "1.0.0", "plugins": [
		{"type": "ptp", "capabilities": {"ips": true},
		 "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "ranges": [[{"subnet": "10.3.0.0/24"}], [{"subnet": "fd00:3::/64"}]]}},
		{"type": "tuning", "dataDir": "$DIR/tuning", "capabilities": {"mac": true}}]}`)
	parent(n)
	n.nad("lan", `{"cniVersion": "1.1.0", "type": "macvlan", "master": "up0",
		"capabilities": {"mac": true, "ips": true}, "ipam": {"type": "static"}}`)
	n.nad("limited", `{"cniVersion": "0.4.0", "plugins": [
		{"type": "bridge", "bridge": "br-limited", "isGateway": true, "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.4.0.0/24"}},
		{"type": "bandwidth", "capabilities": {"bandwidth": true}}]}`)
	n.nad("mapped", `{"cniVersion": "1.1.0", "plugins": [
		{"type": "bridge", "bridge": "br-mapped", "isGateway": true,
		 "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.5.0.0/24"}},
		{"type": "portmap", "backend": "nftables", "snat": true, "capabilities": {"portMappings": true}}]}`)
	return n
}

func TestRequestAddresses(t *testing.T) {
	t.Parallel()
	n := requestNode(t)
	p := n.annotated(t, "web", `[
		{"name": "fixed", "mac": "02:00:00:00:00:0A", "ips": ["10.2.0.77/24", "fd00:2::77/64"]},
		{"name": "tuned", "mac": "02:00:00:00:00:0b", "ips": ["10.3.0.77", "fd00:3::77"]},
		{"name": "lan", "mac": "02:00:00:00:00:0c", "ips": ["10.6.0.77/24"]}]`)
	p.life(n.conf("1.1.0", clusterBridge), func(*current.Result) {
		same(t, "addresses of net0", p.Addresses("net0"), []string{"10.2.0.77/24", "fd00:2::77/64"})
		same(t, "addresses of net1", p.Addresses("net1"), []string{"10.3.0.77/24", "fd00:3::77/64"})
		same(t, "MAC of net0", p.MAC("net0"), "02:00:00:00:00:0a")
		same(t, "MAC of net1", p.MAC("net1"), "02:00:00:00:00:0b")
		same(t, "addresses of net2", p.Addresses("net2"), []string{"10.6.0.77/24"})
		same(t, "MAC of net2", p.MAC("net2"), "02:00:00:00:00:0c")
		for _, lease := range []string{"tuned/10.3.0.77", "tuned/fd00:3::77"} {
			if !slices.Contains(n.leases(), lease) {
				t.Errorf("no lease %s among %v", lease, n.leases())
			}
		}
		same(t, "network-status", n.status(p), []status{
			{"cluster", "eth0", p.bare("eth0"), p.MAC("eth0"), true, nil},
			{"default/fixed", "net0", []string{"10.2.0.77", "fd00:2::77"}, "02:00:00:00:00:0a", false, nil},
			{"default/tuned", "net1", []string{"10.3.0.77", "fd00:3::77"}, "02:00:00:00:00:0b", false, nil},
			{"default/lan", "net2", []string{"10.6.0.77"}, "02:00:00:00:00:0c", false, nil},
		})
	})
}

func TestRequestBandwidth(t *testing.T) {
	t.Parallel()
	n := requestNode(t)
	p := n.annotated(t, "web", `[
		{"name": "limited", "bandwidth": {"ingressRate": 2000000, "ingressBurst": 400000}},
		{"name": "limited"}]`)
	p.life(n.conf("1.1.0", clusterBridge), func(*current.Result) {
		same(t, "rate of net0", n.rate(peer(n, p, "net0")), 2000000)
		same(t, "rate of net1, which asked for none", n.rate(peer(n, p, "net1")), 0)
	})
}

// TestRequestPortMappings gives a pod's own mappings to the network that it
// asked, and the runtime's to the default network.
func TestRequestPortMappings(t *testing.T) {
	t.Parallel()
	needs(t, "nft")
	n := requestNode(t)
	outside := n.newOutside("up1")
	p := n.annotated(t, "web", `[{"name": "mapped", "portMappings": [{"hostPort": 9090, "containerPort": 90, "protocol": "TCP"}]}]`)
	c := n.conf("1.1.0", chain("1.1.0", `{"type": "portmap", "backend": "nftables", "snat": true, "capabilities": {"portMappings": true}}`)).
		runtime("portMappings", []mapping{{8080, 80, "tcp"}})
	p.life(c, func(*current.Result) {
		second := p.bare("net0")[0]
		same(t, "mappings", []int{
			len(n.rules("dnat to 10.1.0.2:80")), len(n.rules("dnat to " + second + ":90")),
			len(n.rules("dnat to 10.1.0.2:90")), len(n.rules("dnat to " + second + ":80")),
		}, []int{1, 1, 0, 0})
		defer listen(p.NetNS, "10.1.0.2:80")()
		reach(t, outside, "192.0.2.1:8080")
	})
}

// TestRequestRefused changes nothing when no plugin can grant a request.
func TestRequestRefused(t *testing.T) {
	t.Parallel()
	n := requestNode(t)
	for networks, words := range map[string][]string{
		`[{"name": "limited", "mac": "02:00:00:00:00:01"}]`:                            {"default/limited", "mac"},
		`[{"name": "fixed", "bandwidth": {"ingressRate": 1, "ingressBurst": 1}}]`:      {"default/fixed", "bandwidth"},
		`[{"name": "tuned", "portMappings": [{"hostPort": 1, "containerPort": 1}]}]`:   {"default/tuned", "portMappings"},
		`[{"name": "fixed", "ips": ["10.2.0.7/24"]}, {"name": "unheard-of"}]`:          {"default/unheard-of"},
		`[{"name": "fixed", "ips": ["10.2.0.7/24"]}, {"name": "fixed", "mac": "bad"}]`: {"mac", "bad"},
	} {
		p := n.annotated(t, "web", networks)
		p.neverAdded(n.conf("1.1.0", clusterBridge).with("unsupportedRequests", "fail"), words...)
	}
}

// TestRequestsOfOldNetworks hands requests that no plugin declares over as
// Multus did before there were capabilities, and compares what came of them.
func TestRequestsOfOldNetworks(t *testing.T) {
	t.Parallel()
	n := requestNode(t)
	const ptp = `{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.8.0.0/24"}}`
	n.nad("old", `{"cniVersion": "0.3.1", "plugins": [`+ptp+`, {"type": "tuning", "dataDir": "$DIR/tuning"}]}`)
	n.nad("deaf", `{"cniVersion": "0.3.1", "plugins": [`+ptp+`]}`)
	c := n.conf("1.1.0", clusterBridge)
	p := n.annotated(t, "web", `[{"name": "old", "mac": "02:00:00:00:00:0d", "ips": ["10.8.0.77"]}]`)
	p.refused("ADD", c.with("unsupportedRequests", "fail"), "default/old", "mac", "ips", "unsupportedRequests")
	for _, handedOver := range []conf{c, c.with("unsupportedRequests", "legacy")} {
		p.life(handedOver, func(result *current.Result) {
			same(t, "MAC of net0", p.MAC("net0"), "02:00:00:00:00:0d")
			same(t, "addresses of net0", p.Addresses("net0"), []string{"10.8.0.77/24"})
			same(t, "addresses of eth0", p.Addresses("eth0"), answered(result))
		})
	}
	p = n.annotated(t, "db", `[{"name": "deaf", "mac": "02:00:00:00:00:0d"}]`)
	p.neverAdded(c, "default/deaf", "02:00:00:00:00:0d")
}

// status is an entry of the annotation network-status.
type status struct {
	Name         string   `json:"name"`
	Interface    string   `json:"interface"`
	IPs          []string `json:"ips"`
	MAC          string   `json:"mac"`
	Default      bool     `json:"default"`
	DefaultRoute []string `json:"default-route"`
}

func (n *host) status(p *pod) []status {
	p.t.Helper()
	var list []status
	text := n.API.Annotations("default", p.name)[node.NetworkStatus]
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		p.t.Fatalf("network-status: %v: %q", err, text)
	}
	return list
}

// bare are a link's addresses without their prefix lengths.
func (p *pod) bare(name string) []string {
	p.t.Helper()
	var list []string
	for _, cidr := range p.Addresses(name) {
		ip, _, _ := strings.Cut(cidr, "/")
		list = append(list, ip)
	}
	return list
}

// TestDefaultNetworkOfThePod gives a pod another default network.
func TestDefaultNetworkOfThePod(t *testing.T) {
	t.Parallel()
	n := requestNode(t)
	p := n.annotated(t, "web", "limited")
	p.annotations["v1.multus-cni.io/default-network"] = "default/tuned"
	p.life(n.conf("1.1.0", clusterBridge), func(result *current.Result) {
		same(t, "interfaces", p.Links(), []string{"eth0", "net0"})
		same(t, "networks of the leases", n.lenders(), []string{"limited", "tuned"})
		same(t, "addresses in the answer", answered(result), p.Addresses("eth0"))
		same(t, "default network", n.status(p)[0].Name, "default/tuned")
	})
}

// lenders are the networks that host-local has handed out addresses of.
func (n *host) lenders() []string {
	var networks []string
	for _, lease := range n.leases() {
		networks = append(networks, filepath.Dir(lease))
	}
	slices.Sort(networks)
	return slices.Compact(networks)
}
