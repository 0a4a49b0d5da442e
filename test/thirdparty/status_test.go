package thirdparty_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
	"github.com/multus-cni/multus/test/thirdparty"
)

// status is an entry of a pod's network status.
type status struct {
	Name      string   `json:"name"`
	Interface string   `json:"interface"`
	IPs       []string `json:"ips"`
	MAC       string   `json:"mac"`
	MTU       int      `json:"mtu"`
	Default   bool     `json:"default"`
	DNS       dns      `json:"dns"`
	Gateway   []string `json:"gateway"`
}

type dns struct {
	Nameservers []string `json:"nameservers"`
	Domain      string   `json:"domain"`
	Search      []string `json:"search"`
}

// results are what plugins answer, of the kinds that clients of the network status meet.
func results() map[string]string {
	const inside = `{"name": "eth0", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/x"}`
	return map[string]string{
		"one interface, both families": `{"cniVersion": "1.0.0", "interfaces": [` + inside + `],
			"ips": [{"address": "10.1.0.5/16", "interface": 0}, {"address": "fd00::5/64", "interface": 0}]}`,
		"the node's ends come first": `{"cniVersion": "1.0.0", "interfaces": [{"name": "br0", "mac": "02:00:00:00:00:aa"}, {"name": "veth1"}, ` + inside + `],
			"ips": [{"address": "10.1.0.5/16", "interface": 2, "gateway": "10.1.0.1"}], "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1"}]}`,
		"version 0.3.1": `{"cniVersion": "0.3.1", "interfaces": [` + inside + `], "ips": [{"version": "4", "address": "10.1.0.5/16", "interface": 0}],
			"dns": {"nameservers": ["10.96.0.10"], "domain": "cluster.local", "search": ["svc.cluster.local"]}}`,
		"MTU of version 1.1.0": `{"cniVersion": "1.1.0", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:01", "mtu": 1450, "sandbox": "/x"}],
			"ips": [{"address": "10.1.0.5/16", "interface": 0}]}`,
		"an address without an index": `{"cniVersion": "1.0.0", "interfaces": [{"name": "cali1"}, ` + inside + `], "ips": [{"address": "10.1.0.5/32"}, {"address": "fd00::5/128"}]}`,
		"default routes of both families": `{"cniVersion": "1.0.0", "interfaces": [` + inside + `], "ips": [{"address": "10.1.0.5/16", "interface": 0}, {"address": "fd00::5/64", "interface": 0}],
			"routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1"}, {"dst": "::/0", "gw": "fd00::1"}, {"dst": "10.9.0.0/16", "gw": "10.1.0.9"}]}`,
	}
}

// TestStatusAsTheLibraryMakesIt: of these results multus publishes what the library
// makes of them, so that those who read it need not know whose it is.
func TestStatusAsTheLibraryMakesIt(t *testing.T) {
	program := thirdparty.Built(t, "nadstatus")
	for name, result := range results() {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.Must(os.Symlink(cnitest.Binary("recorder"), h.Path("bin/recorder")))
			var version struct{ CNIVersion string }
			h.Must(json.Unmarshal([]byte(result), &version))
			h.delegates = []string{`{"cniVersion": "` + version.CNIVersion + `", "name": "cluster", "type": "recorder", "recorder": {"result": ` + result + `}}`}
			p := h.pod("web", "")
			p.ok("ADD")
			var got, want []status
			h.Must(json.Unmarshal([]byte(h.API.Annotations("default", "web")[node.NetworkStatus]), &got))
			library := exec.Command(program, "cluster")
			library.Stdin = bytes.NewReader([]byte(result))
			out, err := library.Output()
			h.Must(err)
			h.Must(json.Unmarshal(out, &want))
			if len(want) == 1 && len(want[0].Gateway) == 0 && len(got) == 1 {
				want[0].Gateway = got[0].Gateway // multus publishes that of an address too
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("- the library's, + multus's:\n%s", diff)
			}
			p.ok("DEL")
		})
	}
}
