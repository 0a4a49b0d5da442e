package plugins_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	current "github.com/containernetworking/cni/pkg/types/100"

	"github.com/multus-cni/multus/pkg/manifest"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

const legacyExample = "../../examples/legacy"

// legacyFallback is for pods without the older annotation.
const legacyFallback = `{"cniVersion": "1.0.0", "name": "fallback", "type": "ptp",
	"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.9.0.0/24"}}`

// TestLegacyNetworks attaches the pods of the example as a cluster that still has
// Network objects does, and then once more from what convert makes of them.
func TestLegacyNetworks(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	older, err := manifest.Load(legacyExample)
	cnitest.Must(t, err)
	converted, err := manifest.Read(bytes.NewReader(converted(t)), "-")
	cnitest.Must(t, err)
	const objects, definitions = "/apis/kubernetes.com/v1/namespaces/default/networks/", "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/"
	tests := []struct {
		name       string
		objects    *manifest.Objects
		reads, not string
	}{
		{"Network objects", older, objects, definitions},
		{"converted", converted, definitions, objects},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			n.Cluster()
			web := n.example(t, tc.objects)
			c := n.conf("1.0.0", legacyFallback).with("legacyNetworks", true)
			web.life(c, web.seeLegacy)
			for _, network := range []string{"yard", "lane", "cord"} {
				same(t, "reads of "+network, len(n.API.Matching("GET", tc.reads+network)), 3) // two ADDs, and the DEL that finds no record
				same(t, "reads elsewhere", len(n.API.Matching("GET", tc.not+network)), 0)
			}
			status := n.API.Annotations("default", "web")[node.NetworkStatus]
			for _, part := range []string{`"name":"default/yard","interface":"eth0"`, `"name":"default/lane","interface":"net1"`, `"name":"default/cord","interface":"net2"`} {
				if !strings.Contains(status, part) {
					t.Errorf("network-status does not say %s: %s", part, status)
				}
			}
		})
	}
}

// seeLegacy looks at the four interfaces of the example.
func (p *pod) seeLegacy(result *current.Result) {
	p.t.Helper()
	same(p.t, "interfaces", p.Links(), []string{"eth0", "net0", "net1", "net2"})
	for name, network := range map[string]string{"eth0": "10.220.0.0/24", "net0": "10.221.0.0/24", "net1": "10.221.0.0/24", "net2": "10.222.0.0/24"} {
		got := p.Addresses(name)
		if len(got) != 1 || netip.MustParsePrefix(got[0]).Masked().String() != network {
			p.t.Errorf("%s has the addresses %v, one of %s was expected", name, got, network)
		}
	}
	if len(result.IPs) != 1 || !strings.HasPrefix(result.IPs[0].Address.String(), "10.220.0.") {
		p.t.Errorf("the answer is not that of the first network: %v", result.IPs)
	}
}

// example puts the example's networks and its pod web into the cluster, with
// leases and bridges of the node's own.
func (n *host) example(t testing.TB, objects *manifest.Objects) *pod {
	t.Helper()
	for _, o := range objects.All() {
		if o.Kind != "Network" && o.Kind != "NetworkAttachmentDefinition" {
			continue
		}
		object, err := json.Marshal(o.Members())
		cnitest.Must(t, err)
		text := strings.NewReplacer(`\"host-local\",`, `\"host-local\", \"dataDir\": \"`+n.Node.Path("ipam")+`\",`, "ml-", "br-").Replace(string(object))
		cnitest.Must(t, n.API.Put([]byte(text)))
	}
	p := n.newPod(t, "web")
	found, err := objects.Pod(t.Context(), "default", "web")
	cnitest.Must(t, err)
	n.Admit(p.sandbox(), found.Annotations)
	return p
}

// converted is what the program makes of the example.
func converted(t *testing.T) []byte {
	t.Helper()
	out, err := exec.Command(cnitest.Binary("multus"), "convert", "-f", legacyExample).Output()
	cnitest.Must(t, err)
	return out
}
