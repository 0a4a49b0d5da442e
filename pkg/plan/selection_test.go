package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
)

// TestKeys reads one element with the key beside its name.
func TestKeys(t *testing.T) {
	tests := []struct {
		member string
		want   Selection
	}{
		{`"namespace":"other"`, Selection{Ref: Ref{"other", "a"}}},
		{`"namespace":""`, Selection{}},
		{`"interface":"data0"`, Selection{Interface: "data0"}},
		{`"interface":""`, Selection{}},
		{`"ips":["10.2.2.42/24","1.2.3.4","fd00::1/64","::1"]`, Selection{IPs: []string{"10.2.2.42/24", "1.2.3.4", "fd00::1/64", "::1"}}},
		{`"mac":"02:23:45:67:89:aB"`, Selection{MAC: "02:23:45:67:89:aB"}},
		{`"mac":"02-23-45-67-89-01"`, Selection{MAC: "02-23-45-67-89-01"}},
		{`"mac":"0223.4567.8901"`, Selection{MAC: "0223.4567.8901"}},
		{`"mac":""`, Selection{}},
		{`"infiniband-guid":"24:8a:07:03:00:8d:ae:2f"`, Selection{InfinibandGUID: "24:8a:07:03:00:8d:ae:2f"}},
		{`"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"TCP"},{"hostPort":1,"containerPort":65535}]`,
			Selection{PortMappings: []PortMapping{{8080, 80, "tcp"}, {1, 65535, "tcp"}}}},
		{`"portMappings":[{"hostPort":1,"containerPort":2,"protocol":"Sctp"}]`, Selection{PortMappings: []PortMapping{{1, 2, "sctp"}}}},
		{`"bandwidth":{"ingressRate":2048,"ingressBurst":1600}`, Selection{Bandwidth: Bandwidth{IngressRate: 2048, IngressBurst: 1600}}},
		{`"bandwidth":{"egressRate":18446744073709551615}`, Selection{Bandwidth: Bandwidth{EgressRate: 18446744073709551615}}},
		{`"cni-args":{"a":9007199254740993,"b":{"c":"<&>"}}`, Selection{CNIArgs: json.RawMessage(`{"a":9007199254740993,"b":{"c":"<&>"}}`)}},
		{`"cni-args":{}`, Selection{CNIArgs: json.RawMessage(`{}`)}},
		{`"default-route":[]`, Selection{DefaultRoute: &DefaultRoute{Gateways: []string{}}}},
		{`"default-route":["10.0.0.1","fe80::1","10.0.0.2"]`, Selection{DefaultRoute: &DefaultRoute{Gateways: []string{"10.0.0.1", "fe80::1", "10.0.0.2"}}}},
		{`"ipam-claim-reference":"vm1.net"`, Selection{IPAMClaim: "vm1.net"}},
		{`"deviceID":"0000:18:02.5"`, Selection{DeviceID: "0000:18:02.5"}},
		{`"org.example.vlan":7`, Selection{}},
		{`"\u006dac":"02:00:00:00:00:01"`, Selection{MAC: "02:00:00:00:00:01"}},
	}
	for _, tt := range tests {
		t.Run(tt.member, func(t *testing.T) {
			got, warnings, err := read(`[{"name":"a",` + tt.member + `}]`)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("error %v, warnings %v", err, warnings)
			}
			tt.want.Position = 1
			if tt.want.Ref == (Ref{}) {
				tt.want.Ref = Ref{"ns1", "a"}
			}
			if diff := cmp.Diff([]Selection{tt.want}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFaultsOfKeys(t *testing.T) {
	tests := []struct{ member, want string }{
		{`"namespace":7`, "namespace: a string is expected, found a number"},
		{`"namespace":"A"`, `namespace: "A" is no name of a namespace`},
		{`"interface":["x"]`, `interface: a string is expected, found a list`},
		{`"interface":"1234567890123456"`, `interface: "1234567890123456" has 16 bytes; an interface name has at most 15`},
		{`"interface":null`, "interface: a string is expected, found null"},
		{`"interface":"net%d"`, `interface: "net%d" is no interface name`},
		{`"interface":"a\u0000"`, `interface: "a\x00" is no interface name`},
		{`"ips":[]`, "ips: is an empty list"},
		{`"ips":"10.0.0.1"`, `ips: a list is expected, found a string`},
		{`"ips":["10.0.0.256"]`, `ips: element 1: "10.0.0.256" is no IP address`},
		{`"ips":["10.0.0.1/33"]`, `ips: element 1: "10.0.0.1/33" is no IP address`},
		{`"ips":["fe80::1%eth0"]`, `is no IP address`},
		{`"ips":["10.0.0.1;IP=6.6.6.6"]`, `is no IP address`},
		{`"ips":[1,""]`, `ips: element 1: a string is expected, found a number; (2) annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/a): ips: element 2: "" is no IP address`},
		{`"mac":"02:00:00:00:00:00:00:01"`, "mac: \"02:00:00:00:00:00:00:01\" is no hardware address of 6 bytes"},
		{`"mac":{}`, "mac: a string is expected, found an object"},
		{`"infiniband-guid":"02:00:00:00:00:01"`, `infiniband-guid: "02:00:00:00:00:01" is no GUID of 8 bytes`},
		{`"infiniband-guid":""`, "is no GUID"},
		{`"portMappings":[]`, "portMappings: is an empty list"},
		{`"portMappings":{}`, "portMappings: a list is expected"},
		{`"portMappings":[7]`, "portMappings: element 1: an object is expected, found a number"},
		{`"portMappings":[{"hostPort":0,"containerPort":80}]`, "element 1: hostPort: 0: a whole number from 1 to 65535 is expected"},
		{`"portMappings":[{"hostPort":65536,"containerPort":80}]`, "hostPort: 65536: a whole number"},
		{`"portMappings":[{"hostPort":"80","containerPort":80}]`, `hostPort: "80": a whole number`},
		{`"portMappings":[{"hostPort":8e1,"containerPort":80}]`, "hostPort: 8e1: a whole number"},
		{`"portMappings":[{"hostPort":80}]`, "hostPort and containerPort are both needed"},
		{`"portMappings":[{"hostPort":80,"containerPort":80,"protocol":"icmp"}]`, `protocol: "icmp": one of tcp, udp, sctp is expected`},
		{`"portMappings":[{"hostPort":80,"hostPort":81,"containerPort":80}]`, "hostPort: is given twice"},
		{`"bandwidth":{}`, "bandwidth: says nothing"},
		{`"bandwidth":[]`, "bandwidth: an object is expected"},
		{`"bandwidth":{"ingressBurst":5}`, "ingressBurst without ingressRate"},
		{`"bandwidth":{"ingressRate":5,"egressBurst":5}`, "egressBurst without egressRate"},
		{`"bandwidth":{"egressRate":0}`, "egressRate: 0: a whole number from 1 to"},
		{`"bandwidth":{"egressRate":-1}`, "egressRate: -1: a whole number"},
		{`"bandwidth":{"egressRate":1.5}`, "egressRate: 1.5: a whole number"},
		{`"bandwidth":{"egressRate":18446744073709551616}`, "egressRate: 18446744073709551616: a whole number"},
		{`"bandwidth":{"ingressRate":"1M"}`, `ingressRate: "1M": a whole number`},
		{`"cni-args":[1]`, "cni-args: an object is expected, found a list"},
		{`"cni-args":{"a":1,"a":2}`, "cni-args: a: is given twice"},
		{`"default-route":"10.0.0.1"`, "default-route: a list is expected"},
		{`"default-route":["10.0.0"]`, `default-route: element 1: "10.0.0" is no gateway`},
		{`"default-route":["10.0.0.1/24"]`, "is no gateway"},
		{`"default-route":["0.0.0.0"]`, "is no gateway"},
		{`"default-route":["ff02::1"]`, "is no gateway"},
		{`"ipam-claim-reference":7`, "ipam-claim-reference: a string is expected"},
		{`"ipam-claim-reference":""`, "ipam-claim-reference: is empty"},
		{`"ips":["10.0.0.9/24"],"ipam-claim-reference":"c"`, "ips, ipam-claim-reference: only one of the two"},
		{`"deviceID":"../../x"`, `deviceID: "../../x" is no device ID`},
		{`"deviceID":""`, `deviceID: "" is no device ID`},
		{`"mac":"02:00:00:00:00:01","mac":"02:00:00:00:00:02"`, "mac: is given twice; keep one"},
		{`"name":"b"`, "name: is given twice"},
		{`"mac":"zz","\u006dac":"02:00:00:00:00:02"`, "mac: is given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.member, func(t *testing.T) {
			expectFault(t, `[{"name":"a",`+tt.member+`}]`, tt.want)
		})
	}
}

func TestFaultsOfList(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"syntax", `[{"name" "net-a"}]`, "networks: line 1, column 10: a comma or a colon is missing"},
		{"syntax in a later line", "\n [{\n  'name': 1}]", "line 3, column 3: text stands in double quotes"},
		{"cut off", `[{"name":"net-a"`, "line 1, column 17: the text ends in the middle of the JSON"},
		{"more behind", `[] x`, "line 1, column 4: text behind the end of the JSON"},
		{"string element", `["net-a"]`, `element 1: an object is expected, found a string`},
		{"null element", `[null]`, "element 1: an object is expected, found null"},
		{"list element", `[[]]`, "element 1: an object is expected, found a list"},
		{"no name", `[{"interface":"eth9"}]`, "element 1: name: is missing"},
		{"empty name", `[{"name":""}]`, "element 1: name: is empty"},
		{"a name with its namespace", `[{"name":"shop/lan"}]`, `write "namespace": "shop", "name": "lan"`},
		{"name of a wrong type", `[{"name":7}]`, "name: a string is expected, found a number"},
		{"two default routes", `[{"name":"a","default-route":["10.0.0.1"]},{"name":"b","default-route":[]}]`,
			"element 2 (ns1/b): default-route: element 1 (ns1/a) has this key already"},
		{"same interface", `[{"name":"a","interface":"x0"},{"name":"b","interface":"x0"}]`, `interface: "x0" is what element 1 (ns1/a) asks for already`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expectFault(t, tt.text, tt.want) })
	}
}

func TestDeviceIDNeedsLeave(t *testing.T) {
	_, _, err := Annotation{Key: NetworksKey, Text: `[{"name":"a","deviceID":"x"}]`, Namespace: "ns1"}.Selections()
	if err == nil || !strings.Contains(err.Error(), "set allowPodDeviceID") {
		t.Errorf("error %v", err)
	}
}

func TestWhatWasMeant(t *testing.T) {
	for key, want := range map[string]string{
		"gateway": "; did you mean default-route?", "interfaceRequest": "; did you mean interface?", "defaultroute": "; did you mean default-route?",
		"ns": "; did you mean namespace?", "ifname": "; did you mean interface?", "portmapping": "; did you mean portMappings?", "vlan": "", "mtu": "", "id": "", "hostPort": "", "IPs": "; did you mean ips?",
	} {
		_, warnings, _ := read(`[{"name":"a","` + key + `":"x"}]`)
		want = `element 1 (ns1/a): unknown key "` + key + `" is ignored` + want
		if len(warnings) != 1 || !strings.HasSuffix(warnings[0], want) {
			t.Errorf("%s: warnings %q, want %q", key, warnings, want)
		}
	}
}

func TestWarningsOfKeys(t *testing.T) {
	got, warnings, err := read(`[{"name":"net-a","MAC":"bad","vlan":7,"example.org/x":1,"portMappings":[{"hostPort":1,"containerPort":2,"hostIP":"::1","ip":"::1"}]}]`)
	if err != nil || len(got) != 1 {
		t.Fatalf("selections %v, error %v", got, err)
	}
	want := []string{
		`annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): unknown key "MAC" is ignored; did you mean mac?`,
		`annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): unknown key "vlan" is ignored`,
		`annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): portMappings: unknown key "hostIP" is ignored`,
		`annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): portMappings: unknown key "ip" is ignored`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var many strings.Builder
	for c := range 100 {
		many.WriteString(`,"x` + strings.Repeat("y", c) + `":1`)
	}
	_, warnings, _ = read(`[{"name":"a"` + many.String() + `}]`)
	if len(warnings) != 33 || warnings[32] != "more warnings left out" {
		t.Errorf("%d warnings, the last %q", len(warnings), warnings[len(warnings)-1])
	}
}

func FuzzSelections(f *testing.F) {
	for _, seed := range []string{
		"", "net-a", " a/b@c , d ", "a,,b", "[", "[]", `[{"name":"net-a"}]`, `{"name":"a"}`, "[[[[[[", `[{"name":"a","name":"b"}]`,
		`[{"name":"a","ips":["10.0.0.1/24"],"mac":"02:00:00:00:00:01","portMappings":[{"hostPort":1,"containerPort":2}]}]`,
		`[{"name":"a","bandwidth":{"ingressRate":99999999999999999999}}]`, "[{\"name\":\"a\xff\"}]", `[{"name":"a","interface":"\u00e0"}]`,
		`[{"name":"a","cni-args":{"a":{"b":[1,{}]}},"default-route":["::1"]}]`, `[{"name":"a","deviceID":"\ud800"}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		selections, warnings, err := read(text)
		if err != nil && (len(selections) > 0 || len(err.Error()) > fault.MaxText) {
			t.Errorf("%d selections beside an error of %d bytes", len(selections), len(err.Error()))
		}
		if len(warnings) > 33 || len(selections) > MaxNetworks {
			t.Errorf("%d warnings, %d selections", len(warnings), len(selections))
		}
		seen := map[string]bool{"": true}
		for i, s := range selections {
			if s.Position != i+1 || s.Ref.check() != nil {
				t.Errorf("%d: %s", i, s)
			}
			if s.Interface != "" && (seen[s.Interface] || name.Interface(s.Interface) != nil) {
				t.Errorf("%s has the interface %q", s, s.Interface)
			}
			seen[s.Interface] = true
		}
	})
}
