package runtimes_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/containerd/go-cni"
	"github.com/cri-o/ocicni/pkg/ocicni"
	"github.com/fsnotify/fsnotify"

	"github.com/multus-cni/multus/test/node"
)

// engine is the part of a runtime that networks its pods.
type engine interface {
	status() error
	// add attaches a pod and returns the addresses that the runtime gives it.
	add(p pod) ([]string, error)
	del(p pod) error
	// again is how the runtime sees a running pod when it starts: its addresses.
	again(p pod) ([]string, error)
	// gc collects all but the pods; nil where the runtime does not.
	gc(valid ...pod) error
	// next is the network that the next pod gets, and the plugin that attaches it; ""
	// for none.
	next() (network, plugin string)
	close()
}

// engines are those that a test is run with.
func engines(t *testing.T, test func(t *testing.T, h *host, start func(h *host) engine)) {
	for name, start := range map[string]func(h *host) engine{"containerd": startContainerd, "cri-o": startCRIO} {
		t.Run(name, func(t *testing.T) { test(t, newHost(t), start) })
	}
}

// containerd networks pods as its CRI plugin does: a loopback network and the first
// configuration of the directory, which it loads again at each event that it listens to.
type containerd struct {
	cni.CNI
	watcher *fsnotify.Watcher
	ended   chan struct{}
}

func loadOptions() []cni.Opt { return []cni.Opt{cni.WithLoNetwork, cni.WithDefaultConf} }

// newContainerd is one that has loaded nothing yet.
func newContainerd(h *host) *containerd {
	c, err := cni.New(cni.WithMinNetworkCount(2), cni.WithPluginConfDir(h.confDir), cni.WithPluginMaxConfNum(1), cni.WithPluginDir([]string{h.Bin}))
	h.Must(err)
	return &containerd{CNI: c, ended: make(chan struct{})}
}

func startContainerd(h *host) engine {
	h.T.Helper()
	c := newContainerd(h)
	watcher, err := fsnotify.NewWatcher()
	h.Must(err)
	h.Must(watcher.Add(h.confDir))
	c.watcher = watcher
	_ = c.Load(loadOptions()...) // a node may have none yet
	go c.sync()
	h.T.Cleanup(c.close)
	return c
}

// sync loads the directory at the events that containerd does it at.
func (c *containerd) sync() {
	defer close(c.ended)
	for event := range c.watcher.Events {
		if !event.Has(fsnotify.Chmod) && !event.Has(fsnotify.Create) {
			_ = c.Load(loadOptions()...)
		}
	}
}

func (c *containerd) close() {
	_ = c.watcher.Close()
	<-c.ended
}

func (c *containerd) status() error { return c.Status() }

func (c *containerd) next() (network, plugin string) {
	if networks := c.GetConfig().Networks; len(networks) > 1 {
		return networks[1].Config.Name, networks[1].Config.Plugins[0].Network.Type
	}
	return "", ""
}

func (p pod) options() []cni.NamespaceOpts {
	return []cni.NamespaceOpts{
		cni.WithLabels(map[string]string{
			"IgnoreUnknown": "1", "K8S_POD_NAMESPACE": "default", "K8S_POD_NAME": p.name, "K8S_POD_UID": p.uid, "K8S_POD_INFRA_CONTAINER_ID": p.id,
		}),
		cni.WithCapability(node.PodAnnotations, p.annotations),
	}
}

func (c *containerd) add(p pod) ([]string, error) {
	result, err := c.Setup(context.Background(), p.id, p.Path, p.options()...)
	if err != nil { // the sandbox is given up after one DEL, however that ends
		return nil, errors.Join(err, c.del(p))
	}
	var ips []string
	for _, ip := range result.Interfaces["eth0"].IPConfigs {
		ips = append(ips, ip.IP.String())
	}
	return ips, nil
}

func (c *containerd) del(p pod) error {
	return c.Remove(context.Background(), p.id, p.Path, p.options()...)
}

// again: containerd keeps the addresses itself, and asks no plugin.
func (c *containerd) again(p pod) ([]string, error) { return p.ips("eth0"), nil }

func (c *containerd) gc(...pod) error { return nil }

// crio networks pods as CRI-O does, with a cache of its own.
type crio struct{ ocicni.CNIPlugin }

func startCRIO(h *host) engine {
	h.T.Helper()
	p, err := ocicni.InitCNIWithCache("", h.confDir, h.Path("crio"), h.Bin)
	h.Must(err)
	c := &crio{p}
	h.T.Cleanup(c.close)
	return c
}

func (c *crio) close() {
	if c.CNIPlugin != nil {
		_ = c.Shutdown()
		c.CNIPlugin = nil
	}
}

func (c *crio) status() error { return c.Status() }

// next looks into ocicni, which tells nothing but the name: networks is a map of
// *struct{config *libcni.NetworkConfigList}.
func (c *crio) next() (network, plugin string) {
	lock := c.CNIPlugin.(interface {
		RLock()
		RUnlock()
	})
	network = c.GetDefaultNetworkName()
	lock.RLock()
	defer lock.RUnlock()
	loaded := reflect.ValueOf(c.CNIPlugin).Elem().FieldByName("networks").MapIndex(reflect.ValueOf(network))
	if !loaded.IsValid() {
		return "", ""
	}
	first := loaded.Elem().FieldByName("config").Elem().FieldByName("Plugins").Index(0)
	return network, first.Elem().FieldByName("Network").Elem().FieldByName("Type").String()
}

func (c *crio) pod(p pod) ocicni.PodNetwork {
	return ocicni.PodNetwork{
		Name: p.name, Namespace: "default", ID: p.id, UID: p.uid, NetNS: p.Path,
		RuntimeConfig: map[string]ocicni.RuntimeConfig{c.GetDefaultNetworkName(): {PodAnnotations: &p.annotations}},
	}
}

func (c *crio) add(p pod) ([]string, error) {
	results, err := c.SetUpPod(c.pod(p))
	if err != nil {
		return nil, errors.Join(err, c.del(p))
	}
	if _, err := c.again(p); err != nil { // CRI-O does so after each ADD
		return nil, errors.Join(err, c.del(p))
	}
	return addresses(results), nil
}

// del is called once, however it ends.
func (c *crio) del(p pod) error { return c.TearDownPod(c.pod(p)) }

func (c *crio) again(p pod) ([]string, error) {
	results, err := c.GetPodNetworkStatus(c.pod(p))
	return addresses(results), err
}

func (c *crio) gc(valid ...pod) error {
	var pods []*ocicni.PodNetwork
	for _, p := range valid {
		known := c.pod(p)
		pods = append(pods, &known)
	}
	return c.GC(context.Background(), pods)
}

// cached are the files of a runtime's cache that are about a sandbox.
func (h *host) cached(p pod) []string {
	h.T.Helper()
	var all []string
	for _, dir := range []string{cache, h.Path("crio", "results")} {
		files, err := filepath.Glob(filepath.Join(dir, "*"+p.id+"*"))
		h.Must(err)
		all = append(all, files...)
	}
	return all
}
