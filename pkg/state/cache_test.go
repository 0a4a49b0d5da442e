package state

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is cached under the name of an attachment may be another's, or broken.
func TestCacheEntryOfAnother(t *testing.T) {
	const none, found = "", `{"cniVersion":"0.3.1","of":"cluster"}`
	tests := []struct{ name, content, want string }{
		{"its own", cached("cluster", "c1", "eth0"), found},
		{"another container's", cached("cluster", "c1-eth0", "x"), none},
		{"another network's", cached("clus", "c1", "eth0"), none},
		{"another interface's", cached("cluster", "c1", "eth1"), none},
		{"truncated", cached("cluster", "c1", "eth0")[:80], none},
		{"before there was a kind", `{"cniVersion":"0.3.1"}`, none},
		{"array", `[]`, none},
		{"empty", ``, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(t.TempDir())
			write(t, d, "c1", v4())
			write(t, d, "results/cluster-c1-eth0", tt.content)
			r, err := d.Load(k1)
			must(t, err)
			if got := string(r.Attachments[0].Result); got != tt.want {
				t.Errorf("result %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCacheName(t *testing.T) {
	for network, want := range map[string]string{"n": "n-c1-eth0", "": "", "../n": "", "a\x00": "", "a/b": ""} {
		if got := cacheName(network, "c1", "eth0"); got != want {
			t.Errorf("%q: %q, want %q", network, got, want)
		}
	}
}

// CNI_IFNAME of an older record is only in the cache.
func TestKeyOfAnOlderRecord(t *testing.T) {
	tests := []struct {
		name    string
		entries map[string]string
		want    string
	}{
		{"no cache", nil, "eth0"},
		{"eth0", map[string]string{"cluster-c1-eth0": cached("cluster", "c1", "eth0"), "cluster-c1-a": cached("cluster", "c1", "a")}, "eth0"},
		{"another", map[string]string{"cluster-c1-ens3": cached("cluster", "c1", "ens3")}, "ens3"},
		{"that of a further network", map[string]string{"cluster-c1-net1": cached("cluster", "c1", "net1")}, "eth0"},
		{"not where it belongs", map[string]string{"cluster-c1-x": cached("cluster", "c1", "ens3")}, "eth0"},
		{"hostile", map[string]string{"cluster-c1-a b": cached("cluster", "c1", "a b")}, "eth0"},
		{"of another container", map[string]string{"cluster-c1-a-b": cached("cluster", "c1-a", "b")}, "eth0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(t.TempDir())
			write(t, d, "c1", v4())
			for name, content := range tt.entries {
				write(t, d, "results/"+name, content)
			}
			want := []Key{{ContainerID: "c1", IfName: tt.want}}
			keys, err := d.Keys()
			must(t, err)
			if diff := cmp.Diff(want, keys); diff != "" {
				t.Errorf("Keys (-want +got):\n%s", diff)
			}
			records, err := d.List()
			must(t, err)
			if diff := cmp.Diff(want, []Key{records[0].Key()}); diff != "" {
				t.Errorf("List (-want +got):\n%s", diff)
			}
			if records[0].Attachments[0].Interface != tt.want {
				t.Errorf("the master is %s", records[0].Attachments[0].Interface)
			}
		})
	}
}

// A partial detachment of an older record is remembered, and in the end nothing
// of it is left, while other containers keep what is theirs.
func TestLifeOfAnOlderRecord(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "c1", v4())
	write(t, d, "results/cluster-c1-eth0", cached("cluster", "c1", "eth0"))
	write(t, d, "results/macnet-c1-net1", `{"cniVersion":"0.2.0"}`)
	write(t, d, "results/gone-c1-net7", cached("gone", "c1", "net7"))
	others := []string{"c2", "results", "results/cluster-c2-eth0", "results/net-c1-x-eth0", "results/raw-c1-eth0", "sandboxes"}
	write(t, d, others[0], v4())
	write(t, d, others[2], cached("cluster", "c2", "eth0"))
	write(t, d, others[3], cached("net", "c1-x", "eth0"))
	write(t, d, others[4], `{"cniVersion":"0.2.0"}`)

	if err := d.Create(record(t, k1)); !errors.Is(err, ErrExists) {
		t.Errorf("Create: %v", err)
	}
	r, err := d.Load(k1)
	must(t, err)
	r.Attachments[1].Phase = Detached
	must(t, d.Update(r))
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(r, got); diff != "" {
		t.Errorf("continued (-want +got):\n%s", diff)
	}
	keys, err := d.Keys()
	must(t, err)
	if diff := cmp.Diff([]Key{k1, {ContainerID: "c2", IfName: "eth0"}}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	must(t, d.Remove(got))
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
	if diff := cmp.Diff(others, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
