package trial

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestSandboxOf(t *testing.T) {
	tests := map[string]string{
		"a":                      "multus-try-a-0123456700",
		"web.site":               "multus-try-web-site-0123456700",
		"nineteen-characters-x":  "multus-try-nineteen-characters-0123456700",
		strings.Repeat("x", 253): "multus-try-" + strings.Repeat("x", 20) + "-0123456700",
	}
	for name, want := range tests {
		sb := (&Session{ID: "01234567"}).sandbox(plan.Pod{Namespace: "ns", Name: name, UID: "u"}, 0)
		if sb.ContainerID != want || sb.NetNS != "/run/netns/"+want {
			t.Errorf("%s: container %s in %s, want %s", name, sb.ContainerID, sb.NetNS, want)
		}
		if got := sb.Pod(); got.Name != name || got.Namespace != "ns" || got.UID != "u" {
			t.Errorf("%s: the pod comes back as %+v", name, got)
		}
	}
}

func network(t *testing.T, text string) *net.IPNet {
	t.Helper()
	ip, n, err := net.ParseCIDR(text)
	if err != nil {
		t.Fatal(err)
	}
	n.IP = ip
	return n
}

func TestBlocks(t *testing.T) {
	got := blocks([]podInterface{
		{
			name: "eth0", network: "kube-system/cluster", plugins: []string{"bridge", "tuning"}, mac: "02:00:00:00:00:01",
			addresses: []*net.IPNet{network(t, "10.0.0.2/24"), network(t, "fd00::2/64")}, routes: []string{"default via 10.0.0.1"},
		},
		{name: "net0", network: "default/l2", plugins: []string{"tap"}, missing: true},
		{name: "extra0", mac: "02:00:00:00:00:02", routes: []string{"10.96.0.0/12 via 10.211.0.254"}},
	})
	want := `
  eth0: kube-system/cluster
    plugins   bridge,tuning
    mac       02:00:00:00:00:01
    address   10.0.0.2/24
    address   fd00::2/64
    route     default via 10.0.0.1
  net0: default/l2
    missing   there is no such interface
    plugins   tap
  extra0: of no network
    mac       02:00:00:00:00:02
    route     10.96.0.0/12 via 10.211.0.254
`
	if diff := cmp.Diff(want, "\n"+got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironment(t *testing.T) {
	both := []*net.IPNet{network(t, "10.0.0.2/24"), network(t, "fd00::2/64"), network(t, "fd00::3/64")}
	s := &Session{Pods: []*Pod{
		{Pod: plan.Pod{Namespace: "a", Name: "web.1"}, Sandbox: plan.Sandbox{NetNS: "/n/1"}, interfaces: []podInterface{{name: "net0", addresses: both}}},
		{Pod: plan.Pod{Namespace: "b", Name: "web-1"}, Sandbox: plan.Sandbox{NetNS: "/n/2"}, interfaces: []podInterface{{name: "l2"}}},
		{Pod: plan.Pod{Namespace: "b", Name: "db"}, Sandbox: plan.Sandbox{NetNS: "/n/3"}, interfaces: []podInterface{{name: "v6", addresses: both[1:]}}},
	}}
	want := []string{
		"MULTUS_POD=a/web.1",
		"MULTUS_NETNS_A_WEB_1=/n/1", "MULTUS_IP_A_WEB_1_NET0=10.0.0.2", "MULTUS_IP6_A_WEB_1_NET0=fd00::2",
		"MULTUS_NETNS_B_WEB_1=/n/2",
		"MULTUS_NETNS_DB=/n/3", "MULTUS_IP_DB_V6=fd00::2", "MULTUS_IP6_DB_V6=fd00::2",
	}
	if diff := cmp.Diff(want, s.environment()); diff != "" {
		t.Error(diff)
	}
}

func TestRuleLeft(t *testing.T) {
	s := &Session{
		Before: host{rules: []string{"ip saddr 10.0.0.2 accept"}},
		Pods: []*Pod{{
			Sandbox:    plan.Sandbox{ContainerID: "multus-try-a-1"},
			interfaces: []podInterface{{addresses: []*net.IPNet{network(t, "10.0.0.2/24"), network(t, "fd00::2/64")}}},
		}},
	}
	tests := map[string]struct {
		rule string
		want bool
	}{
		"names the container":     {`-A CNI-x -m comment --comment "name: \"n\" id: \"multus-try-a-1\"" -j ACCEPT`, true},
		"new, names the address":  {"-A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT", true},
		"new, IPv6":               {"ip6 saddr fd00::2 accept", true},
		"was there":               {"ip saddr 10.0.0.2 accept", false},
		"longer address":          {"-A X -s 10.0.0.21/32 -j ACCEPT", false},
		"comment of the listing":  {"# multus-try-a-1", false},
		"somebody else's, all of": {"-A KUBE-X -d 10.96.0.1/32 -j DROP", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := s.made(tt.rule); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPluginChains(t *testing.T) {
	rules := []string{":CNI-FORWARD - [0:0]", "table inet cni_plugins_masquerade {", "table ip nat {", ":CNI-FORWARD - [0:0]", "-A CNI-FORWARD -j ACCEPT"}
	if diff := cmp.Diff([]string{"CNI-FORWARD", "inet cni_plugins_masquerade"}, pluginChains(rules)); diff != "" {
		t.Error(diff)
	}
}

func TestScratchIsRemoved(t *testing.T) {
	root := t.TempDir()
	kept := filepath.Join(root, "networks", "kept")
	dirs := absent([]string{filepath.Join(root, "networks", "a"), kept})
	write := func(path, text string) {
		t.Helper()
		cnitest.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		cnitest.Must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write(filepath.Join(root, "networks", "a", "lock"), "")
	write(filepath.Join(root, "networks", "a", "last_reserved_ip.0"), "10.0.0.2")
	write(filepath.Join(kept, "10.0.0.3"), "multus-try-x\r\neth0")
	s := &Session{Leases: dirs, Pods: []*Pod{{Sandbox: plan.Sandbox{ContainerID: "multus-try-x"}}}}
	if s.checkLeases(); len(s.left) != 1 || s.left[0] != "lease "+filepath.Join(kept, "10.0.0.3") {
		t.Errorf("left: %v", s.left)
	}
	removeScratch(dirs)
	if _, err := os.Stat(filepath.Join(root, "networks", "a")); !os.IsNotExist(err) {
		t.Errorf("directory a is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(kept, "10.0.0.3")); err != nil {
		t.Errorf("somebody's lease is gone: %v", err)
	}
}
