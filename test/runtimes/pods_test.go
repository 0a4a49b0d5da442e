package runtimes_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLife: a pod with a further network comes, sees its runtime start anew, and goes.
func TestLife(t *testing.T) {
	engines(t, func(t *testing.T, start func(*host) engine) {
		h := newHost(t)
		h.installed()
		e := start(h)
		if err := e.status(); err != nil {
			t.Fatal(err)
		}
		if network, plugin := e.next(); network != "cluster" || plugin != "multus" {
			t.Errorf("pods are attached to %q with %q", network, plugin)
		}
		plain, p := h.pod("plain", ""), h.pod("p", "second,second")
		ips, err := e.add(plain)
		h.attached(plain, ips, err, "10.88.")
		ips, err = e.add(p)
		h.attached(p, ips, err, "10.88.", "10.99.", "10.99.")
		e.close()
		e = start(h)
		ips, err = e.again(p)
		h.attached(p, ips, err, "10.88.", "10.99.", "10.99.")
		for _, p := range []pod{p, plain, p} { // runtimes repeat a DEL
			if err := e.del(p); err != nil {
				t.Errorf("%s: %v", p.id, err)
			}
		}
		h.nothingLeft(p, plain)
	})
}

// TestFailedADD: a network that cannot be attached leaves nothing, and neither runtime
// takes the pod for one that runs.
func TestFailedADD(t *testing.T) {
	engines(t, func(t *testing.T, start func(*host) engine) {
		h := newHost(t)
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
	engines(t, func(t *testing.T, start func(*host) engine) {
		h := newHost(t)
		h.installed()
		e := start(h)
		p := h.pod("p", "second")
		ips, err := e.add(p)
		h.attached(p, ips, err, "10.88.", "10.99.")
		h.fails("DEL", "bridge", "device not found: no such file or directory")
		if err := e.del(p); err == nil {
			t.Error("the runtime takes the failed DEL for done")
		}
		h.fails("DEL", "bridge", "")
		if len(h.leases("cluster")) != 1 || len(h.records()) != 1 {
			t.Errorf("leases %q, records %q", h.leases("cluster"), h.records())
		}
		next := h.another(p, "p-next")
		ips, err = e.add(next)
		h.attached(next, ips, err, "10.88.", "10.99.")
		if len(h.leases("cluster")) != 1 || len(h.leases("second")) != 1 || len(h.records()) != 1 {
			t.Errorf("after the next sandbox: leases %q and %q, records %q", h.leases("cluster"), h.leases("second"), h.records())
		}
		if err := e.del(next); err != nil {
			t.Error(err)
		}
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
	ips, err := e.add(older)
	h.attached(older, ips, err, "10.88.")
	h.installed()
	h.await("the runtime loads multus", loads(e, "multus"))
	alive, dead := h.pod("alive", "second"), h.pod("dead", "second")
	for _, p := range []pod{alive, dead} {
		ips, err := e.add(p)
		h.attached(p, ips, err, "10.88.", "10.99.")
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
	ips, err = e.again(alive)
	h.attached(alive, ips, err, "10.88.", "10.99.")
	ips, err = e.again(older)
	h.attached(older, ips, err, "10.88.")
	for _, p := range []pod{older, alive} {
		if err := e.del(p); err != nil {
			t.Error(err)
		}
	}
	h.nothingLeft(older, alive)
}

// TestBeforeAndAfter: pods are detached that were attached before multus came, and
// after it went.
func TestBeforeAndAfter(t *testing.T) {
	engines(t, func(t *testing.T, start func(*host) engine) {
		h := newHost(t)
		h.conf("10-cluster.conflist", h.network("cluster", "10.88.0.0/16"))
		e := start(h)
		before, during := h.pod("before", ""), h.pod("during", "second")
		ips, err := e.add(before)
		h.attached(before, ips, err, "10.88.")
		h.installed()
		h.await("the runtime loads multus", loads(e, "multus"))
		ips, err = e.again(before)
		h.attached(before, ips, err, "10.88.")
		ips, err = e.add(during)
		h.attached(during, ips, err, "10.88.", "10.99.")
		if err := e.del(before); err != nil {
			t.Error(err)
		}
		uninstall := exec.Command(multus, "uninstall", "--cni-conf-dir", h.confDir, "--cni-bin-dir", h.Bin, "--set", "cniDir="+h.Path("state"))
		if out, err := uninstall.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		h.await("the runtime loads the default network", loads(e, "bridge"))
		after := h.pod("after", "second")
		ips, err = e.add(after)
		h.attached(after, ips, err, "10.88.")
		for _, p := range []pod{during, after} {
			if err := e.del(p); err != nil {
				t.Errorf("%s: %v", p.id, err)
			}
		}
		// The runtime no longer knows multus, which is on the node for what it attached.
		during.Remove()
		if out, err := exec.Command(filepath.Join(h.Bin, "multus"), "gc", "--state", h.Path("state"), "--bin", h.Bin).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
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
	ips, err := e.add(p)
	h.attached(p, ips, err, "10.88.", "10.99.")
	h.fails("CHECK", "bridge", "")

	own := filepath.Join(h.confDir, "00-multus.conflist")
	conf, err := os.ReadFile(own)
	h.Must(err)
	h.conf("00-multus.conflist", strings.Replace(string(conf), `"disableCheck": true,`, "", 1))
	e.close()
	e = startCRIO(h)
	checked := h.pod("checked", "second")
	ips, err = e.add(checked)
	h.attached(checked, ips, err, "10.88.", "10.99.")
	h.fails("CHECK", "bridge", "not what it was")
	if _, err := e.again(checked); err == nil || !strings.Contains(err.Error(), "network cluster (eth0): bridge: not what it was") {
		t.Errorf("CHECK: %v", err)
	}
	for _, p := range []pod{p, checked} {
		if err := e.del(p); err != nil {
			t.Error(err)
		}
	}
	h.nothingLeft(p, checked)
}

// TestStatus: the runtime's node is ready when the default network is.
func TestStatus(t *testing.T) {
	engines(t, func(t *testing.T, start func(*host) engine) {
		h := newHost(t)
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
	ips, err := e.add(p)
	h.attached(p, ips, err, "10.88.", "10.99.")
	if err := e.del(p); err != nil {
		t.Error(err)
	}
	h.nothingLeft(p)
}
