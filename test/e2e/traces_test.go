package e2e_test

import (
	"strings"
)

// clean waits until nothing on the node is any pod's: no end of a veth pair, no
// address, no record, no result, no namespace, no firewall rule.
func (n node) clean() {
	n.t.Helper()
	var left string
	if !within(patience, func() bool { left = n.traces(); return left == "" }) {
		n.t.Fatalf("left on the node:\n%s", left)
	}
}

// traces is what is left of pods on the node, a line each.
func (n node) traces() string {
	n.t.Helper()
	return strings.TrimSpace(n.run("sh", "-c", `
		ip -o link | grep -oE ': (veth|macvlan|tap|net)[^:]*' | sed 's/^/link/'
		find /var/lib/cni/networks -type f -name '[0-9]*' -o -type f -path '*/networks/*' -name '*:*:*' 2>/dev/null
		find /var/lib/cni/results /var/lib/cni/multus/sandboxes /var/lib/cni/multus/results /var/lib/cni/multus/unreadable /var/lib/cni/multus/unfinished -type f 2>/dev/null
		find /var/lib/cni/multus -maxdepth 1 -type f ! -name lock 2>/dev/null
		ls /run/netns | sed 's/^/namespace /'
		nft list ruleset 2>/dev/null | grep -E 'dnat to|(saddr|daddr) 10\.(60|244)\.'
		true`))
}
