package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// web is a pod's record, two days old.
func web(t *testing.T, network, result string) state.Record {
	t.Helper()
	list, _, err := netconf.Parse([]byte(`{"cniVersion": "1.0.0", "name": "n", "plugins": [{"type": "macvlan"}, {"type": "tuning"}]}`), "")
	if err != nil {
		t.Fatal(err)
	}
	at := func(network, ifName string, phase state.Phase, result string) state.Attachment {
		return state.Attachment{Attachment: plan.Attachment{Network: network, Interface: ifName, Config: list}, Phase: phase, Result: json.RawMessage(result)}
	}
	return state.Record{
		Created: time.Now().Add(-50 * time.Hour), Pod: plan.Pod{Namespace: "shop", Name: "web-0", UID: "u"},
		Sandbox: plan.Sandbox{ContainerID: "3f2a81c09b7e4d5566", IfName: "eth0", NetNS: "/run/netns/cni-1"},
		Attachments: []state.Attachment{
			at("cbr0", "eth0", state.Attached, `{"cniVersion": "1.0.0", "ips": [{"address": "10.244.0.7/24"}]}`),
			at(network, "net0", state.Attached, result),
			at("default/c", "net1", state.Attaching, ""),
			at("default/d", "net2", state.Detached, ""),
		},
	}
}

const bothFamilies = `{"cniVersion": "1.0.0", "interfaces": [{"name": "eth1"}, {"name": "net0", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/cni-1"}],
	"ips": [{"address": "192.168.10.5/24", "interface": 1}, {"address": "2001:db8:1234:5678::5/64", "interface": 1}]}`

func TestList(t *testing.T) {
	tests := []struct {
		name string
		rec  state.Record
		left string
		opts listOptions
		want string
	}{
		{name: "table", rec: web(t, "b", `{"cniVersion": "1.0.0", "ips": [{"address": "10.10.0.5/24"}]}`), want: `
SANDBOX        POD         AGE   INTERFACE  NETWORK    STATE      ADDRESSES
3f2a81c09b7e4  shop/web-0  2d2h  eth0       cbr0       attached   10.244.0.7/24
3f2a81c09b7e4  shop/web-0  2d2h  net0       b          attached   10.10.0.5/24
3f2a81c09b7e4  shop/web-0  2d2h  net1       default/c  attaching  -
3f2a81c09b7e4  shop/web-0  2d2h  net2       default/d  detached   -
`},
		{name: "blocks", rec: web(t, "default/macvlan-b", bothFamilies), left: "stale", want: `
3f2a81c09b7e4  shop/web-0  2d2h
  eth0: cbr0
    state     stale
    addresses 10.244.0.7/24
  net0: default/macvlan-b
    state     stale
    addresses 192.168.10.5/24,2001:db8:1234:5678::5/64
  net1: default/c
    state     stale
  net2: default/d
    state     detached
`},
		{name: "wide", rec: web(t, "b", bothFamilies), opts: listOptions{output: output{format: "wide"}}, want: `
SANDBOX        POD         AGE   INTERFACE  NETWORK    STATE      ADDRESSES                                 MAC                PLUGINS         CONTAINER           NETNS
3f2a81c09b7e4  shop/web-0  2d2h  eth0       cbr0       attached   10.244.0.7/24                             -                  macvlan,tuning  3f2a81c09b7e4d5566  /run/netns/cni-1
3f2a81c09b7e4  shop/web-0  2d2h  net0       b          attached   192.168.10.5/24,2001:db8:1234:5678::5/64  02:00:00:00:00:01  macvlan,tuning  3f2a81c09b7e4d5566  /run/netns/cni-1
3f2a81c09b7e4  shop/web-0  2d2h  net1       default/c  attaching  -                                         -                  macvlan,tuning  3f2a81c09b7e4d5566  /run/netns/cni-1
3f2a81c09b7e4  shop/web-0  2d2h  net2       default/d  detached   -                                         -                  macvlan,tuning  3f2a81c09b7e4d5566  /run/netns/cni-1
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := listText([]listing{{tt.rec, tt.left}}, tt.opts, columns)
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
