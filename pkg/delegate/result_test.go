package delegate_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
)

// full has every member that a result may have.
const full = `{"cniVersion":"1.1.0",
	"interfaces":[{"name":"net0","mac":"02:00:00:00:00:01","mtu":1400,"sandbox":"/n","socketPath":"/s","pciID":"0000:00:01.0"}],
	"ips":[{"interface":0,"address":"10.0.0.2/24","gateway":"10.0.0.1"},{"interface":0,"address":"fd00::2/64"}],
	"routes":[{"dst":"10.1.0.0/16","gw":"10.0.0.9","mtu":1300,"advmss":1200,"priority":7,"table":100,"scope":0},{"dst":"::/0","gw":"fd00::1"}],
	"dns":{"nameservers":["10.0.0.3"],"domain":"d","search":["s"],"options":["o"]}}`

func TestConvert(t *testing.T) {
	const dns = `"dns":{"domain":"d","nameservers":["10.0.0.3"],"options":["o"],"search":["s"]}`
	const oldInterfaces = `"interfaces":[{"mac":"02:00:00:00:00:01","name":"net0","sandbox":"/n"}]`
	const oldRoutes = `"routes":[{"dst":"10.1.0.0/16","gw":"10.0.0.9"},{"dst":"::/0","gw":"fd00::1"}]`
	const old040 = dns + `,` + oldInterfaces + `,"ips":[{"address":"10.0.0.2/24","gateway":"10.0.0.1","interface":0,"version":"4"},` +
		`{"address":"fd00::2/64","interface":0,"version":"6"}],` + oldRoutes + `}`
	const old020 = dns + `,"ip4":{"gateway":"10.0.0.1","ip":"10.0.0.2/24","routes":[{"dst":"10.1.0.0/16","gw":"10.0.0.9"}]},` +
		`"ip6":{"ip":"fd00::2/64","routes":[{"dst":"::/0","gw":"fd00::1"}]}}`
	tests := map[string]string{
		"1.0.0": `{"cniVersion":"1.0.0",` + dns + `,` + oldInterfaces + `,"ips":[{"address":"10.0.0.2/24","gateway":"10.0.0.1","interface":0},` +
			`{"address":"fd00::2/64","interface":0}],` + oldRoutes + `}`,
		"0.4.0": `{"cniVersion":"0.4.0",` + old040,
		"0.3.1": `{"cniVersion":"0.3.1",` + old040,
		"0.3.0": `{"cniVersion":"0.3.0",` + old040,
		"0.2.0": `{"cniVersion":"0.2.0",` + old020,
		"0.1.0": `{"cniVersion":"0.1.0",` + old020,
	}
	for version, want := range tests {
		t.Run(version, func(t *testing.T) {
			got, err := delegate.Convert(json.RawMessage(full), version)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, compact(t, got)); diff != "" {
				t.Errorf("from 1.1.0 (-want +got):\n%s", diff)
			}
			back, err := delegate.Convert(got, "1.1.0")
			if err != nil {
				t.Fatal(err)
			}
			again, err := delegate.Convert(back, version)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, compact(t, again)); diff != "" {
				t.Errorf("there and back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConvertToTheSameVersionChangesNothing(t *testing.T) {
	const result = "{ \"cniVersion\":\"1.0.0\",\n\"vendor\":{\"<\":9007199254740993},\"routes\":[{\"dst\":\"0.0.0.0/0\",\"mtu\":9}]}"
	got, err := delegate.Convert(json.RawMessage(result), "1.0.0")
	if err != nil || string(got) != result {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestResultsThatAreRefused(t *testing.T) {
	tests := []struct{ name, result, version, want string }{
		{"no address", `{"cniVersion":"1.0.0"}`, "0.2.0",
			"result without an IP address cannot be told in CNI version 0.2.0, which knows no other: a cniVersion of 0.3.1 or newer is needed in the configuration"},
		{"unknown version", `{"cniVersion":"2.0.0"}`, "1.0.0",
			`result: cniVersion "2.0.0" is none of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0`},
		{"version that is no string", `{"cniVersion":1}`, "1.0.0", "result: cniVersion 1 is no string"},
		{"array", `[]`, "1.0.0", "result: line 1, column 1: a JSON object is expected, found a list"},
		{"null interface", `{"cniVersion":"1.1.0","interfaces":[null]}`, "0.4.0", "result of version 1.1.0: interfaces[0]: null"},
		{"null address", `{"cniVersion":"0.4.0","ips":[null]}`, "1.1.0", "result of version 0.4.0: ips[0]: no address"},
		{"no address in ips", `{"cniVersion":"1.1.0","ips":[{}]}`, "1.1.0", "result of version 1.1.0: ips[0]: no address"},
		{"null route", `{"cniVersion":"1.1.0","routes":[null]}`, "1.1.0", "result of version 1.1.0: routes[0]: no dst"},
		{"ip4 without ip", `{"cniVersion":"0.2.0","ip4":{}}`, "1.1.0", "result of version 0.2.0: ip4: no ip"},
		{"ip6 route without dst", `{"cniVersion":"0.2.0","ip6":{"ip":"fd00::1/64","routes":[{}]}}`, "1.1.0",
			"result of version 0.2.0: ip6.routes[0]: no dst"},
		{"bad address", `{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.1"}]}`, "1.1.0",
			"result of version 1.1.0: invalid CIDR address: 10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := delegate.Convert(json.RawMessage(tt.result), tt.version)
			if text(err) != tt.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestWhatAddTakesForAResult(t *testing.T) {
	tests := []struct{ name, version, printed, want, wantErr string }{
		{"null", "1.0.0", "null\n", `{"cniVersion":"1.0.0"}`, ""},
		{"empty object", "0.2.0", "{}", `{"cniVersion":"0.2.0"}`, ""},
		{"empty version", "1.0.0", `{"cniVersion":"","ips":[]}`, `{"cniVersion":"1.0.0","ips":[]}`, ""},
		{"version in other case", "1.0.0", `{"CNIVersion":"1.0.0"}`, `{"CNIVersion":"1.0.0"}`, ""},
		{"the last of two versions counts", "1.0.0", `{"cniVersion":"9","cniVersion":"1.0.0"}`, `{"cniVersion":"9","cniVersion":"1.0.0"}`, ""},
		{"newer", "0.4.0", `{"cniVersion":"1.1.0","interfaces":[{"name":"n","mtu":9}]}`,
			`{"cniVersion":"0.4.0","interfaces":[{"name":"n"}],"dns":{}}`, ""},
		{"index that points nowhere", "1.0.0", `{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","interface":7}]}`,
			`{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","interface":7}]}`, ""},
		{"a result with a code", "1.0.0", `{"cniVersion":"1.0.0","code":7,"ips":[]}`, `{"cniVersion":"1.0.0","code":7,"ips":[]}`, ""},
		{"unknown version", "1.0.0", `{"cniVersion":"2.0.0"}`, "",
			`a: result: cniVersion "2.0.0" is none of 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0`},
		{"error object without a message", "1.0.0", `{"code":"7","details":{"a":1}}`, "", `a: exit status 0, code 7 without a message; {"a":1}`},
		{"endless message", "1.0.0", `{"code":7,"msg":"` + strings.Repeat("m", 5000) + `"}`, "", "a: " + strings.Repeat("m", 4093) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exec := &cnitest.Exec{Answer: func(context.Context, cnitest.Call) ([]byte, error) { return []byte(tt.printed), nil }}
			a := attachment(t, `{"cniVersion":"`+tt.version+`","name":"net","plugins":[{"type":"a"}]}`)
			got, err := fake(exec).Add(t.Context(), sandbox(), a)
			if text(err) != tt.wantErr || string(got.Result) != tt.want {
				t.Errorf("got  %s, %v\nwant %s, %s", got.Result, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestParse(t *testing.T) {
	r, err := delegate.Parse(json.RawMessage(`{"cniVersion":"0.4.0","interfaces":[{"name":"br0"},{"name":"net0","sandbox":"/n"}],"ips":[
		{"version":"4","address":"10.0.0.2/24","interface":1},{"version":"4","address":"10.0.0.3/24","interface":-1},
		{"version":"4","address":"10.0.0.4/24","interface":2},{"version":"4","address":"10.0.0.5/24"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if r.IPs[0].Interface == nil || *r.IPs[0].Interface != 1 {
		t.Errorf("a good index became %v", r.IPs[0].Interface)
	}
	for _, ip := range r.IPs[1:] {
		if ip.Interface != nil {
			t.Errorf("%s has index %d", &ip.Address, *ip.Interface)
		}
	}
}
