package plugins_test

import (
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// traces is what an attachment makes on its node, besides firewall rules. A
// bridge is none: the plugin leaves it for the next pod.
type traces struct {
	Links  []string // other than bridges
	Routes []string
	Leases []string // of host-local: path and content
	Files  []string // that Multus keeps, but for the node's one lock
}

func (n *host) traces() traces {
	n.T.Helper()
	isLock := func(path string) bool { return path == "lock" }
	tr := traces{Links: []string{}, Routes: []string{}, Leases: n.leases(), Files: slices.DeleteFunc(n.Files(n.Node.Path("cni"), false), isLock)}
	links, err := n.Handle().LinkList()
	n.Must(err)
	for _, l := range links {
		if l.Type() != "bridge" {
			tr.Links = append(tr.Links, l.Attrs().Name)
		}
	}
	slices.Sort(tr.Links)
	for _, r := range n.Routes(netlink.FAMILY_ALL) {
		if !strings.HasPrefix(r, "fe80::/64 ") && !strings.Contains(r, " dev br") {
			tr.Routes = append(tr.Routes, r)
		}
	}
	return tr
}

// leases are the addresses that host-local has handed out, network/address.
func (n *host) leases() []string {
	n.T.Helper()
	return slices.DeleteFunc(n.Files(n.Node.Path("ipam"), false), func(path string) bool {
		return net.ParseIP(filepath.Base(path)) == nil
	})
}

// ruleset are the lines of the node's nftables rules, those that iptables made
// among them; counters are left out.
func (n *host) ruleset() []string {
	n.T.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		return []string{}
	}
	lines := []string{}
	for line := range strings.Lines(n.run("nft", "--stateless", "list", "ruleset")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// rules are those rules of the node that mention the text.
func (n *host) rules(text string) []string {
	n.T.Helper()
	return slices.DeleteFunc(n.ruleset(), func(line string) bool { return !strings.Contains(line, text) })
}

// gone makes sure that a detached pod has left nothing.
func (p *pod) gone(before traces, result *current.Result) {
	p.t.Helper()
	same(p.t, "interfaces in the sandbox", p.Links(), []string{})
	if diff := cmp.Diff(before, p.node.traces()); diff != "" {
		p.t.Errorf("the node after DEL (- before, + after):\n%s", diff)
	}
	words := []string{p.id}
	for _, ip := range result.IPs {
		words = append(words, ip.Address.IP.String())
	}
	for _, word := range words {
		if left := p.node.rules(word); len(left) > 0 {
			p.t.Errorf("rules that mention %s after DEL: %q", word, left)
		}
	}
}

// same compares what is with what should be.
func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (- wanted, + got):\n%s", what, diff)
	}
}
