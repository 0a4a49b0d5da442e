package multus

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// TestStatusOfAnAttachment follows the multi-network specification, section 5.
func TestStatusOfAnAttachment(t *testing.T) {
	const head = `{"name":"ns1/net-a",`
	tests := []struct {
		name    string
		version string
		result  string
		route   *plan.DefaultRoute
		want    string
	}{
		{name: "no result", want: head + `"interface":"net0","default":false}`},
		{name: "empty result", result: `{"cniVersion":"1.0.0"}`, want: head + `"interface":"net0","default":false}`},
		{name: "first interface in the sandbox", result: `{"cniVersion":"1.1.0","interfaces":[{"name":"br0"},{"name":"veth1"},{"name":"x0","mac":"02:00:00:00:00:01","mtu":1400,"sandbox":"/n"},{"name":"x1","sandbox":"/n"}],` +
			`"ips":[{"address":"192.0.2.1/24","interface":0},{"address":"192.0.2.2/24","interface":2,"gateway":"192.0.2.254"},{"address":"2001:db8::2/64","interface":2},{"address":"192.0.2.3/24","interface":3},{"address":"192.0.2.4/24"}]}`,
			want: head + `"interface":"x0","ips":["192.0.2.2","2001:db8::2","192.0.2.4"],"mac":"02:00:00:00:00:01","mtu":1400,"default":false,"gateway":["192.0.2.254"]}`},
		{name: "no interface in the sandbox", result: `{"cniVersion":"1.0.0","interfaces":[{"name":"br0"}],"ips":[{"address":"192.0.2.1/24","interface":0},{"address":"192.0.2.2/24"},{"address":"192.0.2.3/24"}]}`,
			want: head + `"interface":"net0","ips":["192.0.2.2","192.0.2.3"],"default":false}`},
		{name: "calico's: no index, both families", version: "0.3.1", result: `{"cniVersion":"0.3.1","interfaces":[{"name":"cali0"},{"name":"eth0","mac":"02:00:00:00:00:09","sandbox":"/n"}],` +
			`"ips":[{"version":"4","address":"10.10.66.36/32"},{"version":"6","address":"fd00::5/128"}]}`,
			want: head + `"interface":"eth0","ips":["10.10.66.36","fd00::5"],"mac":"02:00:00:00:00:09","default":false}`},
		{name: "an interface without a name", result: `{"cniVersion":"1.0.0","interfaces":[{"name":"","mac":"02:00:00:00:00:01","sandbox":"/n"}]}`,
			want: head + `"interface":"net0","mac":"02:00:00:00:00:01","default":false}`},
		{name: "negative index", result: `{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.2/24","interface":-1}]}`,
			want: head + `"interface":"net0","ips":["192.0.2.2"],"default":false}`},
		{name: "index out of range", result: `{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.2/24","interface":0}]}`,
			want: head + `"interface":"net0","ips":["192.0.2.2"],"default":false}`},
		{name: "index out of range beside an interface", result: `{"cniVersion":"1.0.0","interfaces":[{"name":"x0","sandbox":"/n"}],"ips":[{"address":"192.0.2.2/24","interface":7},{"address":"192.0.2.3/24","interface":0}]}`,
			want: head + `"interface":"x0","ips":["192.0.2.2","192.0.2.3"],"default":false}`},
		{name: "0.2.0", version: "0.2.0", result: `{"cniVersion":"0.2.0","ip4":{"ip":"192.0.2.2/24","gateway":"192.0.2.254"},"ip6":{"ip":"2001:db8::2/64"}}`,
			want: head + `"interface":"net0","ips":["192.0.2.2","2001:db8::2"],"default":false,"gateway":["192.0.2.254"]}`},
		{name: "0.1.0", version: "0.1.0", result: `{"cniVersion":"0.1.0","ip6":{"ip":"2001:db8::2/64"}}`,
			want: head + `"interface":"net0","ips":["2001:db8::2"],"default":false}`},
		{name: "0.3.1", version: "0.3.1", result: `{"cniVersion":"0.3.1","interfaces":[{"name":"x0","sandbox":"/n"}],"ips":[{"version":"4","address":"192.0.2.2/24","interface":0}]}`,
			want: head + `"interface":"x0","ips":["192.0.2.2"],"default":false}`},
		{name: "dns without options", result: `{"cniVersion":"1.0.0","dns":{"nameservers":["192.0.2.53"],"domain":"example.org","search":["a.example.org"],"options":["ndots:2"]}}`,
			want: head + `"interface":"net0","default":false,"dns":{"nameservers":["192.0.2.53"],"domain":"example.org","search":["a.example.org"]}}`},
		{name: "options alone", result: `{"cniVersion":"1.0.0","dns":{"options":["ndots:2"]}}`, want: head + `"interface":"net0","default":false}`},
		{name: "gateways of address and routes, each once", result: `{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.2/24","gateway":"192.0.2.254"}],"routes":[{"dst":"0.0.0.0/0","gw":"192.0.2.254"},{"dst":"::/0","gw":"2001:db8::1"},{"dst":"198.51.100.0/24","gw":"192.0.2.9"}]}`,
			want: head + `"interface":"net0","ips":["192.0.2.2"],"default":false,"gateway":["192.0.2.254","2001:db8::1"]}`},
		{name: "default route with gateways", route: &plan.DefaultRoute{Gateways: []string{"192.0.2.7"}}, result: `{"cniVersion":"1.0.0","routes":[{"dst":"0.0.0.0/0","gw":"192.0.2.7"}]}`,
			want: head + `"interface":"net0","default":false,"default-route":["192.0.2.7"],"gateway":["192.0.2.7"]}`},
		{name: "default route of the plugin's own", route: &plan.DefaultRoute{Gateways: []string{}}, result: `{"cniVersion":"1.0.0","routes":[{"dst":"::/0","gw":"2001:db8::1"}]}`,
			want: head + `"interface":"net0","default":false,"default-route":["2001:db8::1"],"gateway":["2001:db8::1"]}`},
		{name: "default route, no gateway known", route: &plan.DefaultRoute{}, result: `{"cniVersion":"1.0.0"}`,
			want: head + `"interface":"net0","default":false,"default-route":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.version == "" {
				tt.version = "1.0.0"
			}
			list, _, err := netconf.Parse([]byte(`{"cniVersion":"`+tt.version+`","name":"a","type":"x"}`), "")
			cnitest.Must(t, err)
			a := state.Attachment{Attachment: plan.Attachment{Network: "ns1/net-a", Interface: "net0", Config: list, DefaultRoute: tt.route}, Result: json.RawMessage(tt.result)}
			s, err := statusOf(a)
			cnitest.Must(t, err)
			got, err := json.Marshal(s)
			cnitest.Must(t, err)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStatuses: one entry an attachment, the master's the default.
func TestStatuses(t *testing.T) {
	rec := state.Record{Attachments: []state.Attachment{
		{Attachment: plan.Attachment{Network: "cluster", Interface: "eth0", Master: true}},
		{Attachment: plan.Attachment{Network: "ns1/a", Interface: "net0"}},
		{Attachment: plan.Attachment{Network: "ns1/a", Interface: "net1"}},
	}}
	list, err := statuses(rec)
	cnitest.Must(t, err)
	got, err := json.Marshal(list)
	cnitest.Must(t, err)
	const want = `[{"name":"cluster","interface":"eth0","default":true},{"name":"ns1/a","interface":"net0","default":false},{"name":"ns1/a","interface":"net1","default":false}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	rec.Attachments[1].Result = json.RawMessage(`{"cniVersion":"9.0.0"}`)
	if _, err := statuses(rec); err == nil {
		t.Error("a result of an unknown version was read")
	}
}
