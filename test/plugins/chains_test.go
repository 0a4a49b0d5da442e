package plugins_test

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// chain is a default network of both families, with more plugins behind the bridge.
func chain(version string, plugins ...string) string {
	bridge := `{"type": "bridge", "bridge": "br-cluster", "isGateway": true,
		"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "ranges": [` + rangeV4 + `, ` + rangeV6 + `], "routes": [` + routeV4 + `, ` + routeV6 + `]}}`
	return `{"cniVersion": "` + version + `", "name": "cluster", "plugins": [` + strings.Join(append([]string{bridge}, plugins...), ",") + `]}`
}

func TestTuning(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.newPod(t, "web")
	c := n.conf("1.1.0", chain("1.1.0", `{"type": "tuning", "dataDir": "$DIR/tuning", "mac": "02:00:00:00:00:42",
		"mtu": 1380, "promisc": true, "sysctl": {"net.ipv4.conf.IFNAME.log_martians": "1", "net.core.somaxconn": "500"}}`))
	p.life(c, func(result *current.Result) {
		same(t, "MAC", p.MAC("eth0"), "02:00:00:00:00:42")
		same(t, "MTU", p.Link("eth0").Attrs().MTU, 1380)
		same(t, "promiscuous", p.Link("eth0").Attrs().Promisc, 1)
		same(t, "somaxconn", sysctl(p, "net/core/somaxconn"), "500")
		same(t, "log_martians", sysctl(p, "net/ipv4/conf/eth0/log_martians"), "1")
		inPod := slices.IndexFunc(result.Interfaces, func(i *current.Interface) bool { return i.Name == "eth0" })
		same(t, "MAC in the answer", result.Interfaces[inPod].Mac, "02:00:00:00:00:42")
	})
	same(t, "files that tuning keeps", n.Files(n.Node.Path("tuning"), false), []string{})
}

// sysctl is a kernel parameter of the pod.
func sysctl(p *pod, name string) string {
	p.t.Helper()
	var value []byte
	p.Do(func() (err error) {
		value, err = os.ReadFile(filepath.Join("/proc/sys", name))
		return err
	})
	return strings.TrimSpace(string(value))
}

func TestBandwidth(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.newPod(t, "web")
	c := n.conf("1.1.0", chain("1.1.0", `{"type": "bandwidth",
		"ingressRate": 8000000, "ingressBurst": 800000, "egressRate": 16000000, "egressBurst": 800000}`))
	p.life(c, func(result *current.Result) {
		same(t, "rate into the pod", n.rate(peer(n, p, "eth0")), 8000000)
		ifb := slices.IndexFunc(result.Interfaces, func(i *current.Interface) bool { return strings.HasPrefix(i.Name, "bwp") })
		same(t, "rate out of the pod", n.rate(result.Interfaces[ifb].Name), 16000000)
	})
}

// rate is to what a token bucket limits a link, in bits per second; 0 where there is none.
func (n *host) rate(name string) uint64 {
	n.T.Helper()
	list, err := n.Handle().QdiscList(n.Link(name))
	n.Must(err)
	for _, q := range list {
		if tbf, ok := q.(*netlink.Tbf); ok {
			return tbf.Rate * 8
		}
	}
	return 0
}

func TestFirewall(t *testing.T) {
	t.Parallel()
	needs(t, "iptables", "ip6tables")
	n := newNode(t)
	p := n.newPod(t, "web")
	c := n.conf("1.0.0", chain("1.0.0", `{"type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge"}`))
	about := func() (rules []bool) {
		for program, address := range map[string]string{"iptables": "10.1.0.2", "ip6tables": "fd00:1::2"} {
			rules = append(rules, strings.Contains(n.run(program, "-S"), address))
		}
		return rules
	}
	p.life(c, func(*current.Result) { same(t, "rules about the pod", about(), []bool{true, true}) })
	same(t, "rules about the pod in the end", about(), []bool{false, false})
}

func TestSourceRouting(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.newPod(t, "web")
	// The plugin moves ptp's routes to another table, so that ptp's CHECK fails
	// under any runtime.
	second := `{"cniVersion": "1.1.0", "name": "second", "disableCheck": true, "plugins": [
		{"type": "ptp", "ipam": {"type": "static", "addresses": [{"address": "10.2.0.5/24", "gateway": "10.2.0.1"}],
		 "routes": [{"dst": "0.0.0.0/0", "gw": "10.2.0.1"}]}},
		{"type": "sbr"}]}`
	p.life(n.conf("1.1.0", clusterBridge, second), func(*current.Result) {
		same(t, "default routes", p.DefaultRoutes(netlink.FAMILY_V4), []string{"default via 10.1.0.1 dev eth0"})
		rules, err := p.Handle().RuleList(netlink.FAMILY_V4)
		cnitest.Must(t, err)
		ofPod := func(r netlink.Rule) bool { return r.Src != nil && r.Src.IP.Equal(net.IPv4(10, 2, 0, 5)) }
		if !slices.ContainsFunc(rules, ofPod) {
			t.Errorf("no rule for what 10.2.0.5 sends: %v", rules)
		}
	})
}
