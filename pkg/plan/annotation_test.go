package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/fault"
)

// read reads an annotation of a pod in namespace ns1.
func read(text string) ([]Selection, []string, error) {
	return Annotation{Key: NetworksKey, Text: text, Namespace: "ns1", DeviceIDs: true, StrictClaims: true}.Selections()
}

func TestSelectionsOfCommaList(t *testing.T) {
	a := Selection{Position: 1, Ref: Ref{"ns1", "net-a"}}
	tests := []struct {
		name, text string
		want       []Selection
	}{
		{"nothing", "", nil},
		{"blank", " \n\t", nil},
		{"no networks", " [ ] ", nil},
		{"one", "net-a", []Selection{a}},
		{"trimmed", "\n net-a ", []Selection{a}},
		{"same in JSON", `[{"name":"net-a"}]`, []Selection{a}},
		{"several, with namespace", "net-a , other-ns/net-c", []Selection{a, {Position: 2, Ref: Ref{"other-ns", "net-c"}}}},
		{"the same twice", "net-a,net-a", []Selection{a, {Position: 2, Ref: Ref{"ns1", "net-a"}}}},
		{"interface", "other/net-a@uplink_p0.7", []Selection{{Position: 1, Ref: Ref{"other", "net-a"}, Interface: "uplink_p0.7"}}},
		{"dotted name", "corp.vlan-7", []Selection{{Position: 1, Ref: Ref{"ns1", "corp.vlan-7"}}}},
		{"long label", strings.Repeat("a", 70), []Selection{{Position: 1, Ref: Ref{"ns1", strings.Repeat("a", 70)}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, warnings, err := read(tt.text)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("error %v, warnings %v", err, warnings)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFaultsOfCommaList(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"object", `{"name":"net-a"}`, `annotation k8s.v1.cni.cncf.io/networks: a list is expected, not "{\"name\":\"net-a\"}"; write`},
		{"string", ` "net-a"`, `a list is expected, not "\"net-a\""`},
		{"empty item", "net-a,,net-b", "element 2: is empty; take a comma out"},
		{"trailing comma", "net-a,", "element 2: is empty"},
		{"two slashes", "a/b/c", `element 1: "a/b/c": more than one / or @`},
		{"two ats", "a@b@c", `element 1: "a@b@c": more than one / or @`},
		{"no interface", "net-a@", "element 1 (ns1/net-a): interface: is empty"},
		{"no namespace", "/net-a", `namespace: "" is no name of a namespace`},
		{"no name", "other/", "element 1: name: is empty"},
		{"upper case", "Net_A", `name: "Net_A" is no name of an object`},
		{"dotted namespace", "a.b/net-a", `namespace: "a.b" is no name`},
		{"long namespace", strings.Repeat("n", 64) + "/net-a", "is no name of a namespace"},
		{"long name", strings.Repeat("a", 254), "is no name of an object; use at most 253"},
		{"dots", "a..b", `name: "a..b" is no name`},
		{"path", "..", `name: ".." is no name`},
		{"white space within", "net a", `name: "net a" is no name`},
		{"interface and name", "NET@a:b", `(ns1/NET): interface: "a:b" is no interface name`},
		{"same interface", "net-a@x0,net-b@x0", `element 2 (ns1/net-b): interface: "x0" is what element 1 (ns1/net-a) asks for already`},
		{"no UTF-8", "net-\xff", `name: "net-\xff" is no name of an object`},
		{"too large", strings.Repeat("a", MaxAnnotation+1), "has 262145 bytes; at most 262144 are read"},
		{"too many", strings.Repeat("a,", MaxNetworks), "has 257 elements; a pod can have 256 networks"},
		{"too many in JSON", "[" + strings.Repeat(`{"name":"a"},`, MaxNetworks) + `{}]`, "has 257 elements"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { expectFault(t, tt.text, tt.want) })
	}
}

func expectFault(t *testing.T, text, want string) {
	t.Helper()
	got, _, err := read(text)
	if err == nil {
		t.Fatalf("no error; selections %v", got)
	}
	if got != nil {
		t.Errorf("selections %v beside the error %v", got, err)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q\nlacks %q", err, want)
	}
	if len(err.Error()) > fault.MaxText {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	_, _, err := read(`[{"name":"net-a","mac":"zz","ips":["x","10.0.0.1"]},{"name":"net-b"},{"interface":"a/b"},7]`)
	want := `5 faults: ` +
		`(1) annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): mac: "zz" is no hardware address of 6 bytes; write one like 02:00:00:00:00:01; ` +
		`(2) annotation k8s.v1.cni.cncf.io/networks, element 1 (ns1/net-a): ips: element 1: "x" is no IP address; write 10.0.0.5, 10.0.0.5/24 or their like in IPv6; ` +
		`(3) annotation k8s.v1.cni.cncf.io/networks, element 3: name: is missing; name a network; ` +
		`(4) annotation k8s.v1.cni.cncf.io/networks, element 3: interface: "a/b" is no interface name; leave out white space (in Linux the byte 0xA0 too), / : and %; ` +
		`(5) annotation k8s.v1.cni.cncf.io/networks, element 4: an object is expected, found a number; write {"name": "net-a"}`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLongErrorsAreCut(t *testing.T) {
	_, _, err := read(strings.TrimSuffix(strings.Repeat("A,", 200), ","))
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	shown := strings.Count(text, "annotation ")
	if !strings.HasPrefix(text, "200 faults: (1) ") || !strings.HasSuffix(text, fmt.Sprintf("; … and %d more", 200-shown)) || len(text) > fault.MaxText {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	expectFault(t, `[{"name":"a","mac":"`+strings.Repeat("é", 100_000)+`"}]`, `éé…" is no hardware address`)
}
