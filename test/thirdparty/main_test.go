package thirdparty_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
	"github.com/multus-cni/multus/test/thirdparty"
)

// private is set in the process that runs the tests: in a mount namespace of its
// own, for the paths of these programs are fixed.
const private = "MULTUS_TEST_PRIVATE"

func TestMain(m *testing.M) {
	switch {
	case os.Geteuid() != 0:
		os.Exit(m.Run()) // each test says why it is skipped
	case os.Getenv(private) == "":
		os.Exit(again())
	}
	if err := ownDirectories(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(cnitest.Run(m, "cmd/multus", "test/recorder", cnitest.ReferencePlugins+"main/bridge", cnitest.ReferencePlugins+"ipam/host-local"))
}

// again runs the same tests in a mount namespace of their own.
func again() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), private+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// ownDirectories covers what the programs write to.
func ownDirectories() error {
	errs := []error{unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")}
	for _, dir := range []string{"/run", "/var/lib/cni"} {
		errs = append(errs, os.MkdirAll(dir, 0o755), unix.Mount("tmpfs", dir, "tmpfs", 0, ""))
	}
	return errors.Join(errs...)
}

const defaultNetwork = `{"cniVersion": "1.0.0", "name": "cluster", "type": "bridge", "bridge": "br-cluster", "isGateway": true,
	"ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.1.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}`

// host is a node with a network namespace of its own.
type host struct {
	*node.Node
	delegates []string
	wrap      func(*exec.Cmd) // changes how multus is started; nil: not at all
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
	cmd := h.Command(verb, node.Doc{
		"cniVersion": "1.0.0", "name": "node-network", "type": "multus", "cniDir": h.Path("cni"), "kubeconfig": h.Kubeconfig,
		"kubeletRoot": h.Path("kubelet"), "logLevel": "debug", "delegates": json.RawMessage(delegates),
		"capabilities": node.Doc{node.PodAnnotations: true}, "runtimeConfig": node.Doc{node.PodAnnotations: node.Doc{node.Networks: p.networks}},
	}, p.sandbox)
	if h.wrap != nil {
		h.wrap(cmd)
	}
	o := h.Start(cmd).End()
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
