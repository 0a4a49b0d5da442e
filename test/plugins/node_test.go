package plugins_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// node is a host: a network namespace in which Multus and its plugins run, and
// a folder for all that they keep.
type node struct {
	*cnitest.NetNS
	t    testing.TB
	dir  string
	bin  string // the folder of plugins
	kube string // path of the kubeconfig; empty: there is no API server
	api  *cnitest.APIServer
}

func newNode(t testing.TB) *node {
	t.Helper()
	return &node{NetNS: cnitest.NewNetNS(t), t: t, dir: t.TempDir(), bin: cnitest.Binary("")}
}

func (n *node) path(name string) string { return filepath.Join(n.dir, name) }

// conf is a Multus configuration as a runtime hands it over.
type conf map[string]any

// conf is a configuration with the node's own folders and static networks, of
// which the first is the default one. In them, $DIR stands for the node's folder.
func (n *node) conf(version string, delegates ...string) conf {
	c := conf{
		"cniVersion": version, "name": "node-network", "type": "multus",
		"cniDir": n.path("cni"), "confDir": n.path("net.d"), "logLevel": "debug",
		"capabilities": map[string]bool{"portMappings": true, podAnnotations: true},
	}
	var networks []json.RawMessage
	for _, d := range delegates {
		networks = append(networks, json.RawMessage(n.fill(d)))
	}
	if networks != nil {
		c["delegates"] = networks
	}
	if n.kube != "" {
		c["kubeconfig"] = n.kube
	}
	return c
}

// podAnnotations is the capability with which runtimes hand over a pod's annotations.
const podAnnotations = "io.kubernetes.cri.pod-annotations"

// with is the configuration with one more member, or with another value of it.
func (c conf) with(key string, value any) conf {
	c = maps.Clone(c)
	c[key] = value
	return c
}

// runtime is the configuration with one more value from the runtime.
func (c conf) runtime(capability string, value any) conf {
	given := map[string]any{}
	if before, ok := c["runtimeConfig"].(map[string]any); ok {
		maps.Copy(given, before)
	}
	given[capability] = value
	return c.with("runtimeConfig", given)
}

func (n *node) fill(text string) string { return strings.ReplaceAll(text, "$DIR", n.dir) }

// cluster starts an API server that the node's own processes can reach.
func (n *node) cluster() {
	n.t.Helper()
	n.Do(func() error {
		api, err := cnitest.StartAPIServer("127.0.0.1:0")
		n.api = api
		return err
	})
	n.t.Cleanup(n.api.Close)
	n.api.SetToken(cnitest.Token)
	n.kube = n.api.KubeconfigFile(n.t)
}

// nad puts a NetworkAttachmentDefinition of the namespace default into the cluster.
func (n *node) nad(name, config string) {
	n.t.Helper()
	n.put(map[string]any{
		"kind": "NetworkAttachmentDefinition", "apiVersion": "k8s.cni.cncf.io/v1",
		"metadata": map[string]string{"namespace": "default", "name": name},
		"spec":     map[string]string{"config": n.fill(config)},
	})
}

func (n *node) put(object any) {
	n.t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.api.Put(data); err != nil {
		n.t.Fatal(err)
	}
}

// run executes a command on the node and returns what it printed.
func (n *node) run(name string, args ...string) string {
	n.t.Helper()
	var out []byte
	n.Do(func() error {
		var err error
		if out, err = exec.Command(name, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
		}
		return nil
	})
	return string(out)
}

// needs skips the test where a program that plugins execute is not installed.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed, and the plugin under test executes it", p)
		}
	}
}

// wire connects two namespaces by a cable whose ends are up.
func wire(a *cnitest.NetNS, aName string, b *cnitest.NetNS, bName string) {
	const mid = "mid0" // one end's name until it is where it belongs
	attrs := netlink.NewLinkAttrs()
	attrs.Name = aName
	h := a.Handle()
	a.Do(func() error { return h.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: mid}) })
	b.Do(func() error {
		fd, err := openThread()
		if err != nil {
			return err
		}
		defer fd.Close()
		peer, err := h.LinkByName(mid)
		if err != nil {
			return err
		}
		return h.LinkSetNsFd(peer, int(fd.Fd()))
	})
	rename(b, mid, bName)
	up(a, aName)
	up(b, bName)
}
