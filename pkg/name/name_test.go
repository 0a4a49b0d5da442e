package name_test

import (
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/name"
)

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := []struct {
		kind  string
		check func(string) error
		right []string
		wrong []string
	}{
		{"object", name.Object, []string{"a", "net-a.v1", "0"}, []string{"", "A", "a_b", "-a", "a-", "a..b", "a/b", strings.Repeat("a", 254)}},
		{"namespace", name.Namespace, []string{"a", "kube-system"}, []string{"", "a.b", "A", long}},
		{"network", name.Network, []string{"a", "A_b.c-d", "0"}, []string{"", ".a", "-a", "a/b", "a b", "é"}},
		{"plugin", name.Plugin, []string{"bridge", "a b", "x.y"}, []string{"", ".", "..", "a/b", `a\b`, "a\x00", "a\n", strings.Repeat("a", 256)}},
		{
			"interface", name.Interface,
			[]string{"e", "eth0", "é", "a.b@c", "uplink_p0", "A.b-c", "éé", "123456789012345", "é123456789012", "a\x01b", "...", "@"},
			[]string{
				"", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\nb", "a\vb", "à", "a\u00a0b", "\u00a0", "\u0085", "\u2003", "\xa0", "a\x00", "\xff", "a\xff", "\xc3",
				"net%d", "a%b", "1234567890123456", strings.Repeat("é", 8),
			},
		},
	}
	for _, tt := range tests {
		for _, s := range tt.right {
			if err := tt.check(s); err != nil {
				t.Errorf("%s %q: %v", tt.kind, s, err)
			}
		}
		for _, s := range tt.wrong {
			if tt.check(s) == nil {
				t.Errorf("%s %q is taken", tt.kind, s)
			}
		}
	}
}

func TestSelf(t *testing.T) {
	for plugin, want := range map[string]bool{"multus": true, "/opt/cni/bin/multus": true, "ours": true, "bridge": false, "": false} {
		if got := name.Self(plugin, "ours"); got != want {
			t.Errorf("%q: %v", plugin, got)
		}
	}
	if name.Self("", "") {
		t.Error("nothing is multus")
	}
}
