package thirdparty_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
	"github.com/multus-cni/multus/test/thirdparty"
)

// The paths of these programs are fixed.
func TestMain(m *testing.M) {
	os.Exit(cnitest.Alone(m, []string{"/run", "/var/lib/cni"},
		"cmd/multus", "test/recorder", cnitest.ReferencePlugins+"main/bridge", cnitest.ReferencePlugins+"ipam/host-local"))
}

const defaultNetwork = `{"cniVersion": "1.0.0", "name": "cluster", "type": "bridge", "bridge": "br-cluster", "isGateway": true,
	"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.1.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}`

// host is a node with a network namespace of its own.
type host struct {
	*node.Node
	delegates []string
}

// newHost is a node with third-party programs among its plugins.
func newHost(t *testing.T, programs ...string) *host {
	t.Helper()
	h := &host{Node: node.New(t), delegates: []string{defaultNetwork}}
	for _, name := range programs {
		h.Must(os.Symlink(thirdparty.Built(t, name), filepath.Join(h.Bin, name)))
	}
	h.NetNS = cnitest.NewNetNS(t)
	for _, name := range []string{"bridge", "host-local"} {
		h.Must(os.Symlink(cnitest.Binary(name), filepath.Join(h.Bin, name)))
	}
	h.Cluster()
	return h
}

// nad puts a network of the namespace default into the cluster; $DIR in it is the node's directory.
func (h *host) nad(name, config string, annotations node.Doc) {
	h.T.Helper()
	h.Define("default", name, strings.ReplaceAll(config, "$DIR", h.Dir), annotations)
}

// pod is a sandbox on the node.
type pod struct {
	*cnitest.NetNS
	host     *host
	sandbox  node.Sandbox
	networks string
}

// pod makes a pod of the cluster and its sandbox.
func (h *host) pod(name, networks string) pod {
	h.T.Helper()
	p := pod{NetNS: cnitest.NewNetNS(h.T), host: h, networks: networks}
	p.sandbox = node.Sandbox{ID: "0123abcd-" + name, NetNS: p.Path, Namespace: "default", Pod: name, UID: "11111111-2222-" + name}
	h.Admit(p.sandbox, map[string]string{node.Networks: networks})
	return p
}

// do has multus carry out a command for the pod.
func (p pod) do(verb string) node.Outcome {
	h := p.host
	h.T.Helper()
	delegates := strings.ReplaceAll("["+strings.Join(h.delegates, ",")+"]", "$DIR", h.Dir)
	o := h.Run(verb, node.Doc{
		"cniVersion": "1.0.0", "name": "node-network", "type": "multus", "cniDir": h.Path("cni"), "kubeconfig": h.Kubeconfig,
		"kubeletRoot": h.Path("kubelet"), "logLevel": "debug", "delegates": json.RawMessage(delegates),
		"capabilities": node.Doc{node.PodAnnotations: true}, "runtimeConfig": node.Doc{node.PodAnnotations: node.Doc{node.Networks: p.networks}},
	}, p.sandbox)
	if o.Exit != 0 {
		h.T.Logf("%s %s: %d, %s %s\n%s", verb, p.sandbox.Pod, o.Exit, o.Msg, o.Details, o.Stderr)
	}
	return o
}

// ok is do for what has to succeed.
func (p pod) ok(verbs ...string) {
	p.host.T.Helper()
	for _, verb := range verbs {
		if o := p.do(verb); o.Exit != 0 {
			p.host.T.Fatalf("%s: %d %s %s", verb, o.Exit, o.Msg, o.Details)
		}
	}
}

// refused is do for what has to fail, with an error that holds the texts.
func (p pod) refused(verb string, texts ...string) {
	p.host.T.Helper()
	o := p.do(verb)
	for _, text := range texts {
		if o.Exit == 0 || !strings.Contains(o.Msg+" "+o.Details, text) {
			p.host.T.Errorf("%s answers %d %q %q, and should fail with %q", verb, o.Exit, o.Msg, o.Details, text)
		}
	}
}

// left is what there is of pods on the node: links but bridges, leases, and what multus keeps.
func (h *host) left() []string {
	h.T.Helper()
	var list []string
	for _, name := range h.NetNS.Links() {
		if strings.HasPrefix(name, "veth") {
			list = append(list, name)
		}
	}
	for _, file := range h.Files(h.Path("ipam"), false) {
		if name := filepath.Base(file); name[0] >= '0' && name[0] <= '9' {
			list = append(list, file)
		}
	}
	for _, file := range h.Files(h.Path("cni"), false) {
		if file != "lock" {
			list = append(list, file)
		}
	}
	return list
}

// clean makes sure that nothing is left of pods on the node.
func (h *host) clean() {
	h.T.Helper()
	if left := h.left(); len(left) > 0 {
		h.T.Errorf("left on the node: %q", left)
	}
}

// run runs a program in a network namespace.
func (h *host) run(ns *cnitest.NetNS, name string, args ...string) string {
	h.T.Helper()
	var out []byte
	ns.Do(func() (err error) {
		if out, err = exec.Command(name, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s %q: %w\n%s", name, args, err, out)
		}
		return nil
	})
	return strings.TrimSpace(string(out))
}
