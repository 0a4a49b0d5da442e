package delegate_test

import (
	"encoding/json"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
)

func parseIP(t *testing.T, text string) net.IP {
	t.Helper()
	ip := net.ParseIP(text)
	if ip == nil {
		t.Fatalf("%q is no address", text)
	}
	return ip
}

func TestRoutesInTheResults(t *testing.T) {
	tests := []struct {
		name     string
		gateways []string
		results  [3]string // of eth0, net0 and net1
		want     [3]string
	}{
		{"every spelling goes, the rest stays but for white space", []string{"10.0.1.1", "fd00:1::1"},
			[3]string{
				`{"cniVersion":"1.1.0", "ips":[ {"address":"10.0.0.2/24","gateway":"10.0.0.1"} ], "Routes":[{"dst":"0.0.0.0/0"}, {"dst":"::0/0"},{"dst":"0::0/0","gw":"fd00::1"},` +
					`{"dst":"::/0"},{"dst":"10.1.2.3/0"},{ "dst":"10.0.0.0/8","x":9007199254740993},{"dst":"0.0.0.0/0","table":100},{"dst":"0.0.0.0/0","table":254}], "dns":{"domain":"<d>"}}`,
				`{"cniVersion":"1.1.0","routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.9"},{"dst":"10.2.0.0/16"}]}`,
				`null`,
			},
			[3]string{
				`{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24","gateway":"10.0.0.1"}],"dns":{"domain":"<d>"},"routes":[{"dst":"10.0.0.0/8","x":9007199254740993},{"dst":"0.0.0.0/0","table":100}]}`,
				`{"cniVersion":"1.1.0","routes":[{"dst":"10.2.0.0/16"},{"dst":"0.0.0.0/0","gw":"10.0.1.1"},{"dst":"::/0","gw":"fd00:1::1"}]}`,
				`null`,
			}},
		{"metrics from 1.1.0 on", []string{"10.0.1.1", "fd00:1::1", "10.0.1.3", "fd00:1::3"},
			[3]string{`{ }`, `{"cniVersion":"1.1.0","ips":[]}`, ``},
			[3]string{`{ }`, `{"cniVersion":"1.1.0","ips":[],"routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"},{"dst":"::/0","gw":"fd00:1::1"},` +
				`{"dst":"0.0.0.0/0","gw":"10.0.1.3","priority":1},{"dst":"::/0","gw":"fd00:1::3","priority":1025}]}`, ``}},
		{"no metrics before", []string{"10.0.1.1", "10.0.1.3"},
			[3]string{`{}`, `{"cniVersion":"1.0.0"}`, `{"cniVersion":"0.4.0","routes":[{"dst":"0.0.0.0/0"}]}`},
			[3]string{`{}`, `{"cniVersion":"1.0.0","routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"},{"dst":"0.0.0.0/0","gw":"10.0.1.3"}]}`,
				`{"cniVersion":"0.4.0","routes":[]}`}},
		{"other families stay", []string{"10.0.1.1"},
			[3]string{`{"cniVersion":"1.0.0","routes":[{"dst":"::/0"}] }`, `{"cniVersion":"1.0.0","routes":[{"dst":"::/0"}]}`, `{}`},
			[3]string{`{"cniVersion":"1.0.0","routes":[{"dst":"::/0"}] }`,
				`{"cniVersion":"1.0.0","routes":[{"dst":"::/0"},{"dst":"0.0.0.0/0","gw":"10.0.1.1"}]}`, `{}`}},
		{"0.2.0", []string{"10.0.1.1", "fd00:1::1"},
			[3]string{`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24","gateway":"10.0.0.1","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.0.0.0/8"}]}}`,
				`{"cniVersion":"0.1.0","ip4":{"ip":"10.0.1.2/24"}}`,
				`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.2.2/24"},"ip6":{"ip":"fd00:2::2/64","routes":[{"dst":"::/0"}]},"routes":[{"dst":"0.0.0.0/0"}]}`},
			[3]string{`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24","gateway":"10.0.0.1","routes":[{"dst":"10.0.0.0/8"}]}}`,
				`{"cniVersion":"0.1.0","ip4":{"ip":"10.0.1.2/24","routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"}]}}`,
				`{"cniVersion":"0.2.0","ip4":{"ip":"10.0.2.2/24"},"ip6":{"ip":"fd00:2::2/64","routes":[]},"routes":[{"dst":"0.0.0.0/0"}]}`}},
		{"empty list keeps the carrier's result", nil,
			[3]string{`{"cniVersion":"1.0.0","routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}`, `{"cniVersion":"1.0.0","routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"}] }`, `{}`},
			[3]string{`{"cniVersion":"1.0.0","routes":[{"dst":"::/0"}]}`, `{"cniVersion":"1.0.0","routes":[{"dst":"0.0.0.0/0","gw":"10.0.1.1"}] }`, `{}`}},
		{"empty list, and the carrier has none", nil,
			[3]string{`{"routes":[{"dst":"0.0.0.0/0"}]}`, `{}`, ``},
			[3]string{`{"routes":[{"dst":"0.0.0.0/0"}]}`, `{}`, ``}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			once := viaRoutes(t, tt.gateways, tt.results)
			if diff := cmp.Diff(tt.want, once); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(once, viaRoutes(t, tt.gateways, once)); diff != "" {
				t.Errorf("doing it again changes them (-once +twice):\n%s", diff)
			}
		})
	}
}

func viaRoutes(t *testing.T, gateways []string, results [3]string) [3]string {
	t.Helper()
	got, err := delegate.Routes(plan.Sandbox{NetNS: pod(t).Path}, attachments(gateways...), raw(results))
	if err != nil {
		t.Fatal(err)
	}
	return [3]string{string(got[0]), string(got[1]), string(got[2])}
}

func raw(texts [3]string) []json.RawMessage {
	var out []json.RawMessage
	for _, s := range texts {
		out = append(out, json.RawMessage(s))
	}
	return out
}

func TestRoutesRefuseResultsThatAreNone(t *testing.T) {
	n := pod(t)
	tests := []struct {
		name    string
		results [3]string
		want    string
	}{
		{"carrier", [3]string{`{}`, `[]`, `{}`}, "network ns/a (net0): default-route: result: line 1, column 1: a JSON object is expected, found a list"},
		{"routes of another", [3]string{`{"routes":{}}`, `{}`, `{}`}, "network ns/a (net0): default-route: result of network default (eth0): routes: no list"},
		{"ip4 of another", [3]string{`{"cniVersion":"0.2.0","ip4":7}`, `{}`, `{}`},
			"network ns/a (net0): default-route: result of network default (eth0): ip4: line 1, column 1: a JSON object is expected, found a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := delegate.Routes(plan.Sandbox{NetNS: n.Path}, attachments("10.0.1.1"), raw(tt.results))
			if text(err) != tt.want {
				t.Errorf("got error %v\nwant %s", err, tt.want)
			}
		})
	}
}
