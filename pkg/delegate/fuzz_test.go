package delegate

import (
	"encoding/json"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/netconf"
)

// FuzzResult feeds what a plugin may print to everything that reads results.
func FuzzResult(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{}", "[]", "{}{}", `"x"`, "7", `{"code":7,"msg":"m"}`, `{"code":-1}`, `{"code":99999999999999999999}`,
		`{"cniVersion":"1.1.0","interfaces":[null],"ips":[null],"routes":[null]}`,
		`{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24","interface":9}],"routes":[{"dst":"0.0.0.0/0","gw":"10.0.0.1"}]}`,
		`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24","routes":[{"dst":"0.0.0.0/0"}]},"ip6":null}`,
		`{"cniVersion":"0.1.0","ip4":{"routes":[{}]}}`, `{"cniVersion":1}`, `{"cniVersion":"2.0.0"}`,
		`{"CNIVERSION":"1.0.0","Routes":[{"dst":"::0/0"}],"routes":[{"DST":"0.0.0.0/0","table":254}]}`,
		`{"cniVersion":"1.1.0","routes":[{"dst":"::ffff:0.0.0.0/0","priority":-1,"table":null}]}`,
		"{\"cniVersion\":\"1.0.0\",\"\\u0000\":\"\xff\",\"routes\":{}}",
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(6))
	}
	versions := netconf.SupportedVersions()
	listed, err := gateways([]string{"10.0.0.9", "fd00::9", "10.0.0.8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, printed []byte, n uint8) {
		version := versions[int(n)%len(versions)]
		_ = refusal(printed)
		_ = failure("exit status 1", printed, printed)
		_, _ = rewrite(printed, families(listed), listed)
		result, err := answer(printed, version)
		if err != nil {
			return
		}
		conversions(t, result, version)
		rewritten(t, result, listed)
	})
}

func conversions(t *testing.T, result json.RawMessage, version string) {
	t.Helper()
	if o, err := parse(result); err != nil {
		t.Fatalf("result %s: %v", result, err)
	} else if v, _ := versionOf(o); v != version {
		t.Fatalf("result of version %q, not %q: %s", v, version, result)
	}
	if _, err := Parse(result); err != nil {
		t.Fatalf("result %s: %v", result, err)
	}
	for _, v := range netconf.SupportedVersions() {
		other, err := Convert(result, v)
		if err != nil {
			continue
		}
		if _, err := Convert(other, v); err != nil {
			t.Fatalf("result %s became %s: %v", result, other, err)
		}
	}
}

func rewritten(t *testing.T, result json.RawMessage, listed []gateway) {
	t.Helper()
	for _, set := range [][]gateway{nil, listed} {
		once, err := rewrite(result, families(listed), set)
		if err != nil {
			t.Fatalf("result %s: %v", result, err)
		}
		twice, err := rewrite(once, families(listed), set)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("rewritten %s, and again %s, %v", once, twice, err)
		}
		left, err := claimed(once)
		if err != nil {
			t.Fatalf("result %s became %s: %v", result, once, err)
		}
		for _, g := range left {
			if set == nil && (g.family == netlink.FAMILY_V4 || g.family == netlink.FAMILY_V6) {
				t.Fatalf("a default route is left in %s", once)
			}
		}
	}
}
