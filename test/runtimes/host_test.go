package runtimes_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/cri-o/ocicni/pkg/ocicni"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// host is a node with the reference plugins, a default network and one of the cluster.
type host struct {
	*node.Node
	confDir string
}

func newHost(t *testing.T) *host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	h := &host{Node: node.New(t)}
	h.confDir = h.Path("net.d")
	h.Must(os.RemoveAll(cache)) // containerd's own is the same for all tests
	h.Must(os.Mkdir(h.confDir, 0o755))
	h.plugins()
	h.Cluster()
	h.Write(h.Path("account", "token"), cnitest.Token)
	h.Write(h.Path("account", "ca.crt"), string(h.API.CA()))
	h.Define("default", "second", `{"cniVersion": "1.0.0", "type": "bridge", "bridge": "second", "ipam":
		{"type": "host-local", "dataDir": "`+h.Path("leases")+`", "ranges": [[{"subnet": "10.99.0.0/16"}]]}}`, nil)
	return h
}

// plugins puts the reference plugins on the node; bridge fails DEL, and host-local
// STATUS, where a file says so.
func (h *host) plugins() {
	for _, plugin := range []string{"loopback", "bridge", "host-local", "static"} {
		script := fmt.Sprintf(`#!/bin/sh
if [ -e %[1]s/$CNI_COMMAND.%[2]s ]; then
	cat %[1]s/$CNI_COMMAND.%[2]s
	exit 1
fi
exec %[3]s/%[2]s
`, h.Dir, plugin, cnitest.Binary(""))
		h.Must(os.WriteFile(filepath.Join(h.Bin, plugin), []byte(script), 0o755))
	}
}

// fails has a command of a plugin fail from now on, with a message; "" for no more.
func (h *host) fails(command, plugin, message string) {
	h.T.Helper()
	path := h.Path(command + "." + plugin)
	if message == "" {
		h.Must(os.Remove(path))
		return
	}
	h.Write(path, fmt.Sprintf(`{"cniVersion": "1.0.0", "code": 999, "msg": %q}`, message))
}

// network is a configuration that a cluster's network brings along.
func (h *host) network(name, subnet string) string {
	return fmt.Sprintf(`{"cniVersion": "1.1.0", "name": %q, "plugins": [{"type": "bridge", "bridge": "br-%[1]s", "isGateway": true, "forceAddress": true, "ipam":
		{"type": "host-local", "dataDir": "%s", "ranges": [[{"subnet": %q}]]}}]}`, name, h.Path("leases"), subnet)
}

// conf puts a file into the runtime's directory as a good agent does it: at once.
func (h *host) conf(file, content string) {
	h.T.Helper()
	temporary := filepath.Join(h.confDir, ".agent")
	h.Must(os.WriteFile(temporary, []byte(content), 0o600))
	h.Must(os.Rename(temporary, filepath.Join(h.confDir, file)))
}

// install is the installer's command line.
func (h *host) install(flags ...string) *exec.Cmd {
	return exec.Command(cnitest.Binary("multus"), append([]string{"install", "--cni-conf-dir", h.confDir, "--cni-bin-dir", h.Bin, "--set", "cniDir=" + h.Path("state"),
		"--api-server", h.API.URL(), "--service-account", h.Path("account"), "--network-status", "never", "--events=false", "--listen", ""}, flags...)...)
}

// installed is a node with a default network and multus.
func (h *host) installed() {
	h.T.Helper()
	h.conf("10-cluster.conflist", h.network("cluster", "10.88.0.0/16"))
	h.run(h.install("--once"))
}

// run runs a command that has to succeed.
func (h *host) run(cmd *exec.Cmd) {
	h.T.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		h.T.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// pod is one whose network namespace exists.
type pod struct {
	*cnitest.NetNS
	id, uid, name string
	annotations   map[string]string
}

// pod makes one; networks are those that it asks for.
func (h *host) pod(name, networks string) pod {
	h.T.Helper()
	p := pod{NetNS: cnitest.NewNetNS(h.T), id: name + "-sandbox", uid: name + "-uid", name: name, annotations: map[string]string{"kubernetes.io/config.source": "api"}}
	if networks != "" {
		p.annotations[node.Networks] = networks
	}
	h.Admit(node.Sandbox{ID: p.id, NetNS: p.Path, Namespace: "default", Pod: p.name, UID: p.uid}, p.annotations)
	return p
}

// another is a further sandbox of the pod.
func (h *host) another(p pod, id string) pod {
	p.NetNS, p.id = cnitest.NewNetNS(h.T), id
	return p
}

// ips are an interface's addresses, without their prefixes.
func (p pod) ips(name string) []string {
	var all []string
	for _, address := range p.Addresses(name) {
		all = append(all, netip.MustParsePrefix(address).Addr().String())
	}
	return all
}

// addresses are those of the first interface of the first network.
func addresses(results []ocicni.NetResult) []string {
	var all []string
	for _, r := range results {
		result, err := current.NewResultFromResult(r.Result)
		if err != nil {
			return []string{err.Error()}
		}
		for _, ip := range result.IPs {
			all = append(all, ip.Address.IP.String())
		}
	}
	return all
}

// leases are the addresses that a network has given away.
func (h *host) leases(network string) []string {
	h.T.Helper()
	return slices.DeleteFunc(h.Files(h.Path("leases", network), false), func(file string) bool { return !strings.HasPrefix(file, "10.") })
}

// records are the sandboxes that multus remembers.
func (h *host) records() []string { return h.Files(h.Path("state", "sandboxes"), false) }

// del detaches pods.
func (h *host) del(e engine, pods ...pod) {
	h.T.Helper()
	for _, p := range pods {
		if err := e.del(p); err != nil {
			h.T.Errorf("%s: %v", p.id, err)
		}
	}
}

// nothingLeft: whatever was attached is detached.
func (h *host) nothingLeft(pods ...pod) {
	h.T.Helper()
	for _, p := range pods {
		if links := p.Links(); len(links) > 0 {
			h.T.Errorf("%s: interfaces left: %q", p.id, links)
		}
		if files := h.cached(p); files != nil {
			h.T.Errorf("%s: left in the runtime's cache: %q", p.id, files)
		}
	}
	leases := slices.Concat(h.leases("cluster"), h.leases("second"), h.leases("better"))
	if records := h.records(); len(leases)+len(records) > 0 {
		h.T.Errorf("leases left: %q, records left: %q", leases, records)
	}
}

// attached: after a runtime has added the pod, or has looked at it, the pod has addresses
// of these prefixes, and the runtime knows the first.
func (h *host) attached(p pod, look func(pod) ([]string, error), prefixes ...string) {
	h.T.Helper()
	got, err := look(p)
	if err != nil {
		h.T.Fatalf("%s: %v", p.id, err)
	}
	if want := p.ips("eth0"); !slices.Equal(got, want) {
		h.T.Errorf("%s: the runtime has the addresses %q, eth0 %q", p.id, got, want)
	}
	links := []string{"eth0"}
	for i, prefix := range prefixes {
		if i > 0 {
			links = append(links, fmt.Sprint("net", i-1))
		}
		if ips := p.ips(links[i]); len(ips) != 1 || !strings.HasPrefix(ips[0], prefix) {
			h.T.Errorf("%s: %s has %q, want one of %s", p.id, links[i], ips, prefix)
		}
	}
	if got := p.Links(); !slices.Equal(got, links) {
		h.T.Errorf("%s: interfaces %q, want %q", p.id, got, links)
	}
}

// await waits until a function has nothing to say against.
func (h *host) await(what string, check func() error) {
	h.T.Helper()
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	h.T.Fatalf("%s: %v", what, err)
}

// running is an installer at work.
type running struct {
	h   *host
	cmd *exec.Cmd
	log bytes.Buffer
}

func (h *host) start(flags ...string) *running {
	h.T.Helper()
	r := &running{h: h, cmd: h.install(append(flags, "--poll", "1s")...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	h.Must(r.cmd.Start())
	h.T.Cleanup(func() {
		r.kill()
		if h.T.Failed() {
			h.T.Log(r.log.String())
		}
	})
	return r
}

func (r *running) kill() {
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}
