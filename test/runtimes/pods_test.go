package runtimes_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestLife: a pod with a further network comes, sees its runtime start anew, and goes.
func TestLife(t *testing.T) {
	engines(t, func(t *testing.T, h *host, start func(*host) engine) {
		h.installed()
		e := start(h)
		if err := e.status(); err != nil {
			t.Fatal(err)
		}
		if network, plugin := e.next(); network != "cluster" || plugin != "multus" {
			t.Errorf("pods are attached to %q with %q", network, plugin)
		}
		plain, p := h.pod("plain", ""), h.pod("p", "second,second")
		h.attached(plain, e.add, "10.88.")
		h.attached(p, e.add, "10.88.", "10.99.", "10.99.")
		e.close()
		e = start(h)
		h.attached(p, e.again, "10.88.", "10.99.", "10.99.")
		h.del(e, p, plain, p) // runtimes repeat a DEL
		h.nothingLeft(p, plain)
	})
}

// TestFailedADD: a network that cannot be attached leaves nothing, and neither runtime
// takes the pod for one that runs.
func TestFailedADD(t *testing.T) {
	engines(t, func(t *testing.T, h *host, start func(*host) engine) {
		h.installed()
		e := start(h)
		h.Define("default", "broken", `{"cniVersion": "1.0.0", "type": "bridge", "bridge": "broken", "ipam": {"type": "static", "addresses": [{"address": "no address"}]}}`, nil)
		p := h.pod("p", "second,broken")
		if _, err := e.add(p); err == nil || !strings.Contains(err.Error(), "network default/broken (net1): ") {
			t.Errorf("%v", err)
		}
		h.nothingLeft(p)
	})
}

// TestFailedDEL: neither runtime comes back for a DEL that failed, nor takes one for
// done because of words of a plugin; the pod's next sandbox finishes it.
func TestFailedDEL(t *testing.T) {
	engines(t, func(t *testing.T, h *host, start func(*host) engine) {
		h.installed()
		e := start(h)
		p := h.pod("p", "second")
		h.attached(p, e.add, "10.88.", "10.99.")
		h.fails("DEL", "bridge", "device not found: no such file or directory")
		if err := e.del(p); err == nil {
			t.Error("the runtime takes the failed DEL for done")
		}
		h.fails("DEL", "bridge", "")
		if len(h.leases("cluster")) != 1 || len(h.records()) != 1 {
			t.Errorf("leases %q, records %q", h.leases("cluster"), h.records())
		}
		next := h.another(p, "p-next")
		h.attached(next, e.add, "10.88.", "10.99.")
		if len(h.leases("cluster")) != 1 || len(h.leases("second")) != 1 || len(h.records()) != 1 {
			t.Errorf("after the next sandbox: leases %q and %q, records %q", h.leases("cluster"), h.leases("second"), h.records())
		}
		h.del(e, next)
		h.nothingLeft(next)
	})
}

// TestGC: CRI-O's at its start, with the configuration of the default network in the
// same directory, spares who is alive and frees the others.
func TestGC(t *testing.T) {
	h := newHost(t)
	h.conf("10-cluster.conflist", h.network("cluster", "10.88.0.0/16"))
	e := startCRIO(h)
	older := h.pod("older", "") // than multus
	h.attached(older, e.add, "10.88.")
	h.installed()
	h.await("the runtime loads multus", loads(e, "multus"))
	alive, dead := h.pod("alive", "second"), h.pod("dead", "second")
	for _, p := range []pod{alive, dead} {
		h.attached(p, e.add, "10.88.", "10.99.")
	}
	e.close()
	e = startCRIO(h)
	if err := e.gc(older, alive); err != nil {
		t.Fatal(err)
	}
	if want := slices.Sorted(slices.Values(slices.Concat(older.ips("eth0"), alive.ips("eth0")))); !slices.Equal(h.leases("cluster"), want) {
		t.Errorf("leases of the default network %q, want %q", h.leases("cluster"), want)
	}
	if !slices.Equal(h.leases("second"), alive.ips("net0")) || len(h.records()) != 1 {
		t.Errorf("leases %q, records %q", h.leases("second"), h.records())
	}
	h.attached(alive, e.again, "10.88.", "10.99.")
	h.attached(older, e.again, "10.88.")
	h.del(e, older, alive)
	h.nothingLeft(older, alive)
}

// TestBeforeAndAfter: pods are detached that were attached before multus came, and
// after it went.
func TestBeforeAndAfter(t *testing.T) {
	engines(t, func(t *testing.T, h *host, start func(*host) engine) {
		h.conf("10-cluster.conflist", h.network("cluster", "10.88.0.0/16"))
		e := start(h)
		before, during := h.pod("before", ""), h.pod("during", "second")
		h.attached(before, e.add, "10.88.")
		h.installed()
		h.await("the runtime loads multus", loads(e, "multus"))
		h.attached(before, e.again, "10.88.")
		h.attached(during, e.add, "10.88.", "10.99.")
		h.del(e, before)
		uninstall := exec.Command(cnitest.Binary("multus"), "uninstall", "--cni-conf-dir", h.confDir, "--cni-bin-dir", h.Bin, "--set", "cniDir="+h.Path("state"))
		h.run(uninstall)
		h.await("the runtime loads the default network", loads(e, "bridge"))
		after := h.pod("after", "second")
		h.attached(after, e.add, "10.88.")
		h.del(e, during, after)
		// The runtime no longer knows multus, which is on the node for what it attached.
		during.Remove()
		h.run(exec.Command(filepath.Join(h.Bin, "multus"), "gc", "--state", h.Path("state"), "--bin", h.Bin))
		h.nothingLeft(before, after)
	})
}

// loads tells, once it does, that a runtime attaches pods with a plugin.
func loads(e engine, want string) func() error {
	return func() error {
		if _, plugin := e.next(); plugin != want {
			return fmt.Errorf("the next pod is attached with %q, not with %q", plugin, want)
		}
		return nil
	}
}

// TestCheck: CRI-O checks a pod after each ADD and when it starts, and loses one whose
// CHECK fails. The installer's configuration spares it that; an admin's own may not.
func TestCheck(t *testing.T) {
	h := newHost(t)
	h.installed()
	e := startCRIO(h)
	h.fails("CHECK", "bridge", "not what it was")
	p := h.pod("p", "second")
	h.attached(p, e.add, "10.88.", "10.99.")
	h.fails("CHECK", "bridge", "")

	own := filepath.Join(h.confDir, "00-multus.conflist")
	conf, err := os.ReadFile(own)
	h.Must(err)
	h.conf("00-multus.conflist", strings.Replace(string(conf), `"disableCheck": true,`, "", 1))
	e.close()
	e = startCRIO(h)
	checked := h.pod("checked", "second")
	h.attached(checked, e.add, "10.88.", "10.99.")
	h.fails("CHECK", "bridge", "not what it was")
	if _, err := e.again(checked); err == nil || !strings.Contains(err.Error(), "network cluster (eth0): bridge: not what it was") {
		t.Errorf("CHECK: %v", err)
	}
	h.del(e, p, checked)
	h.nothingLeft(p, checked)
}

// TestStatus: the runtime's node is ready when the default network is.
func TestStatus(t *testing.T) {
	engines(t, func(t *testing.T, h *host, start func(*host) engine) {
		e := start(h)
		not := func(what, want string) {
			t.Helper()
			if err := e.status(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", what, err, want)
			}
		}
		not("an empty node", "")
		if out, err := h.install("--once", "--early").CombinedOutput(); err == nil {
			t.Errorf("ready without a default network: %s", out)
		}
		h.await("the runtime loads multus", loads(e, "multus"))
		not("no default network", h.confDir)
		early := h.pod("early", "")
		if _, err := e.add(early); err == nil {
			t.Error("a pod was attached without a default network")
		}
		h.nothingLeft(early)
		h.installed()
		h.await("ready", e.status)
		h.fails("STATUS", "host-local", "no addresses")
		not("the default network is not ready", "network cluster: ")
		h.fails("STATUS", "host-local", "")
		h.Must(os.Rename(filepath.Join(h.Bin, "bridge"), filepath.Join(h.Bin, "egdirb")))
		not("a plugin is missing", "bridge")
		h.Must(os.Rename(filepath.Join(h.Bin, "egdirb"), filepath.Join(h.Bin, "bridge")))
		h.await("ready again", e.status)
	})
}

// TestBinaryAfterConfiguration: CRI-O takes no configuration whose plugins do not answer
// VERSION, and looks again when one comes.
func TestBinaryAfterConfiguration(t *testing.T) {
	h := newHost(t)
	h.installed()
	binary := filepath.Join(h.Bin, "multus")
	h.Must(os.Rename(binary, h.Path("multus")))
	e := startCRIO(h)
	if err := loads(e, "bridge")(); err != nil { // the next file of the directory
		t.Error(err)
	}
	h.Must(os.Rename(h.Path("multus"), binary))
	h.await("the runtime loads multus", loads(e, "multus"))
	p := h.pod("p", "second")
	h.attached(p, e.add, "10.88.", "10.99.")
	h.del(e, p)
	h.nothingLeft(p)
}
