package plugins_test

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// lose attaches a pod and has its namespace vanish.
func (n *host) lose(t *testing.T, name string, c conf) *pod {
	t.Helper()
	before := n.traces().Links
	var p *pod
	t.Run("attach "+name, func(t *testing.T) {
		p = n.newPod(t, name)
		p.add(c)
	})
	p.t = t
	n.Await("the kernel has cleared the namespace away", func() bool { return len(n.traces().Links) == len(before) })
	return p
}

func TestDelWithoutNamespace(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	c := n.conf("1.1.0", chain("1.1.0", `{"type": "tuning", "dataDir": "$DIR/tuning", "mtu": 1400}`), secondLAN,
		`{"cniVersion": "0.3.1", "name": "third", "type": "ptp", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.3.0.0/24"}}`)
	for name, named := range map[string]bool{"vanished": true, "unnamed": false} {
		t.Run(name, func(t *testing.T) {
			before := n.traces()
			p := n.lose(t, name, c)
			same(t, "leases", len(n.leases()), 4)
			if !named {
				p.Path = ""
			}
			p.del(c)
			same(t, "the node after DEL", n.traces(), before)
			p.del(c)
		})
	}
}

func linkBinaries(t *testing.T, dir string, names ...string) {
	t.Helper()
	cnitest.Must(t, os.MkdirAll(dir, 0o755))
	for _, name := range names {
		cnitest.Must(t, os.Symlink(cnitest.Binary(name), filepath.Join(dir, name)))
	}
}

// TestRollback undoes the networks before the one that fails.
func TestRollback(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		third   string
		words   []string
		version string // of the third network; 1.1.0 unless given
	}{
		"the parent is missing": {`{"name": "third", "type": "macvlan", "master": "nowhere0"}`, []string{"macvlan: ", `master "nowhere0"`}, ""},
		"the last plugin of the chain": {`{"name": "third", "plugins": [
			{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.4.0.0/24"}},
			{"type": "tuning", "dataDir": "$DIR/tuning", "mtu": 1400, "sysctl": {"net.ipv4.no_such_thing": "1"}}]}`, []string{"tuning", "no_such_thing"}, ""},
		"a version that the last plugin does not speak": {`{"name": "third", "plugins": [
			{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.4.0.0/24"}},
			{"type": "firewall"}]}`, []string{"firewall: ", "incompatible CNI versions"}, "0.3.1"},
		"a plugin that cannot be executed": {`{"name": "third", "plugins": [
			{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.4.0.0/24"}},
			{"type": "broken"}]}`, []string{"broken: ", "exec format error"}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			n.Must(os.WriteFile(n.Node.Path("bin", "broken"), []byte("no program"), 0o755))
			p := n.newPod(t, "web")
			c := n.conf("1.1.0", clusterBridge, secondLAN, withVersion(cmp.Or(tc.version, "1.1.0"), tc.third)).with("binDir", n.Node.Path("bin"))
			for range 2 { // the second ADD finds as much as the first
				o := p.neverAdded(c, append(tc.words, "network third (net1)")...)
				if tc.version != "" && o.Code != types.ErrIncompatibleCNIVersion {
					t.Errorf("ADD answered code %d", o.Code)
				}
			}
			p.del(c)
			p.add(n.conf("1.1.0", clusterBridge, secondLAN))
		})
	}
}
