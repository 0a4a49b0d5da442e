package plugins_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// host is a node with a network namespace of its own, and the reference plugins.
type host struct {
	*cnitest.NetNS
	*node.Node
}

func newNode(t testing.TB) *host {
	t.Helper()
	n := &host{NetNS: cnitest.NewNetNS(t), Node: node.New(t)}
	n.Node.NetNS, n.Bin = n.NetNS, cnitest.Binary("")
	return n
}

// Do runs fn in the node's network namespace.
func (n *host) Do(fn func() error) { n.NetNS.Do(fn) }

// conf is a Multus configuration as a runtime hands it over.
type conf map[string]any

// conf is a configuration with the node's own directories and static networks, of
// which the first is the default one. In them, $DIR stands for the node's directory.
func (n *host) conf(version string, delegates ...string) conf {
	c := conf{
		"cniVersion": version, "name": "node-network", "type": "multus",
		"cniDir": n.Node.Path("cni"), "confDir": n.Node.Path("net.d"), "logLevel": "debug",
		"capabilities": map[string]bool{"portMappings": true, node.PodAnnotations: true},
	}
	var networks []json.RawMessage
	for _, d := range delegates {
		networks = append(networks, json.RawMessage(n.fill(d)))
	}
	if networks != nil {
		c["delegates"] = networks
	}
	if n.Kubeconfig != "" {
		c["kubeconfig"] = n.Kubeconfig
	}
	return c
}

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

func (n *host) fill(text string) string { return strings.ReplaceAll(text, "$DIR", n.Dir) }

// nad puts a NetworkAttachmentDefinition of the namespace default into the cluster.
func (n *host) nad(name, config string) {
	n.T.Helper()
	n.Define("default", name, n.fill(config), nil)
}

// run executes a command on the node and returns what it printed.
func (n *host) run(name string, args ...string) string {
	n.T.Helper()
	var out []byte
	n.Do(func() (err error) {
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
