package thirdparty_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestCiliumWithoutAgent: cilium-cni behind a bridge, on a second interface, fails
// after half a minute. What the bridge made goes at once, and so does the default
// network; the plugin leaves its own deletion for the agent, after most of a minute.
func TestCiliumWithoutAgent(t *testing.T) {
	t.Parallel()
	h := newHost(t, "cilium-cni")
	h.ciliumDirectory()
	h.nad("policed", `{"cniVersion": "0.3.1", "plugins": [
		{"type": "bridge", "bridge": "br1", "ipam": {"type": "host-local", "dataDir": "$DIR/ipam", "subnet": "10.2.0.0/24"}},
		{"type": "cilium-cni", "chaining-mode": "generic-veth", "enable-debug": false, "log-file": "$DIR/cilium.log"}]}`, nil)
	p := h.pod("web", "policed")
	p.refused("ADD", "network default/policed (net0): cilium-cni: unable to connect to Cilium agent")
	h.clean()
	p.ok("DEL")
	h.clean()
	if got := p.Links(); len(got) > 0 {
		t.Errorf("the sandbox has %q", got)
	}
	if queued := h.Files(h.Path("cilium/deleteQueue"), false); len(queued) == 0 {
		t.Error("no deletion is left for the agent")
	}
}

// TestCiliumCannotDelete: as the default network, and where it cannot leave its
// deletion either: DEL fails, the node remembers, and the next DEL finishes it.
func TestCiliumCannotDelete(t *testing.T) {
	t.Parallel()
	h := newHost(t, "cilium-cni")
	h.ciliumDirectory()
	h.delegates = []string{`{"cniVersion": "0.3.1", "name": "cilium", "type": "cilium-cni", "enable-debug": false, "log-file": "$DIR/cilium.log"}`}
	h.Write(h.Path("cilium/deleteQueue"), "a file where the plugin makes a directory")
	p := h.pod("web", "")
	p.refused("ADD", "network cilium (eth0): cilium-cni: unable to connect to Cilium agent")
	p.refused("DEL", "cilium-cni: ", "deleteQueue")
	remembered := false
	for _, file := range h.left() {
		note := strings.HasPrefix(file, "unfinished/") || strings.HasPrefix(file, "sandboxes/")
		if remembered = remembered || note; !note {
			t.Errorf("left on the node: %s", file)
		}
	}
	if !remembered {
		t.Error("nothing remembers what is left to do")
	}
	h.run(h.NetNS, "rm", h.Path("cilium/deleteQueue"))
	p.ok("DEL")
	h.clean()
}

// ciliumDirectory has commands see a directory of this host as /run/cilium.
func (h *host) ciliumDirectory() {
	h.T.Helper()
	h.Write(h.Path("cilium/version"), "")
	unshare, err := exec.LookPath("unshare")
	h.Must(err)
	h.Wrap = func(cmd *exec.Cmd) {
		const script = `mkdir -p /run/cilium && mount --bind "$0" /run/cilium && exec "$@"`
		cmd.Args = append([]string{"unshare", "--mount", "sh", "-c", script, h.Path("cilium"), cmd.Path}, cmd.Args[1:]...)
		cmd.Path = unshare
	}
}
