package runtimes_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// life is a node that changes under an installer, two runtimes and an observer.
type life struct {
	*host
	*observer
	engines map[string]engine
	pods    int
}

func newLife(t *testing.T) *life {
	h := newHost(t)
	return &life{host: h, observer: h.observe(), engines: map[string]engine{"containerd": startContainerd(h), "cri-o": startCRIO(h)}}
}

// step changes something and waits until both runtimes attach pods to the network, with
// multus, and with an address of the prefix.
func (l *life) step(what string, change func(), network, prefix string) {
	l.T.Helper()
	l.at(what)
	change()
	l.await(what, l.intact)
	for name, e := range l.engines {
		l.await(what+": "+name, func() error { return ready(e, network) })
		l.multus.Store(true)
		l.attachOne(what+": "+name, e, prefix)
	}
}

// intact: all that the installer puts on the node is there, once. What a runtime loads
// from then on is that.
func (l *life) intact() error {
	var own []string
	for _, file := range l.Files(l.confDir, false) {
		if data, err := os.ReadFile(filepath.Join(l.confDir, file)); err == nil && strings.Contains(string(data), `"type": "multus"`) {
			own = append(own, file)
		}
	}
	if !slices.Equal(own, []string{"00-multus.conflist"}) {
		return fmt.Errorf("configurations of multus: %q", own)
	}
	var errs []error
	for _, path := range []string{filepath.Join(l.Bin, "multus"), filepath.Join(l.confDir, "multus.d", "multus.kubeconfig"), filepath.Join(l.confDir, "multus.d", "token")} {
		_, err := os.Stat(path)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ready: the runtime attaches pods to the network, with multus, and multus can.
func ready(e engine, network string) error {
	if name, plugin := e.next(); name != network || plugin != "multus" {
		return fmt.Errorf("the next pod is attached to %q with %q", name, plugin)
	}
	return e.status()
}

// attachOne attaches a pod, and detaches it. The default network may just have changed:
// what a runtime would do then, try again, is done here too.
func (l *life) attachOne(what string, e engine, prefix string) {
	l.T.Helper()
	l.pods++
	p := l.pod(fmt.Sprint("p", l.pods), "second")
	l.attached(p, func(p pod) (ips []string, err error) {
		l.await(what, func() error {
			ips, err = e.add(p)
			return err
		})
		return ips, err
	}, prefix, "10.99.")
	l.del(e, p)
	l.nothingLeft(p)
}

func (l *life) remove(path ...string) {
	l.T.Helper()
	l.Must(os.Remove(filepath.Join(path...)))
}

func (l *life) rename(from, to string) {
	l.T.Helper()
	l.Must(os.Rename(filepath.Join(l.confDir, from), filepath.Join(l.confDir, to)))
}

// lone is the default network as a plugin without a list.
func (l *life) lone() string {
	return `{"cniVersion": "0.3.1", "name": "cluster", "type": "bridge", "bridge": "br-cluster", "isGateway": true,
		"ipam": {"type": "host-local", "dataDir": "` + l.Path("leases") + `", "ranges": [[{"subnet": "10.88.0.0/16"}]]}}`
}

const older = `{"cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus", "delegates": [{"cniVersion": "0.3.1", "name": "x", "type": "bridge"}]}`

// TestNodeLife: whatever becomes of the files of the node.
func TestNodeLife(t *testing.T) {
	l := newLife(t)
	cluster, better := l.network("cluster", "10.88.0.0/16"), l.network("better", "10.77.0.0/16")
	r := l.start()
	for name, e := range l.engines {
		if err := e.status(); err == nil {
			t.Errorf("%s is ready without a network", name)
		}
	}
	steps := []struct {
		what            string
		ours            bool // the change takes away what is ours
		change          func()
		network, prefix string
	}{
		{"the default network comes", true, func() { l.conf("10-cluster.conflist", cluster) }, "cluster", "10.88."},
		{"it is renamed", false, func() { l.rename("10-cluster.conflist", "20-cluster.conflist") }, "cluster", "10.88."},
		{"it becomes a lone plugin", false, func() { l.conf("20-cluster.conf", l.lone()); l.remove(l.confDir, "20-cluster.conflist") }, "cluster", "10.88."},
		{"and a list again", false, func() { l.conf("20-cluster.conflist", cluster); l.remove(l.confDir, "20-cluster.conf") }, "cluster", "10.88."},
		{"a better one comes", false, func() { l.conf("05-better.conflist", better) }, "better", "10.77."},
		{"and goes", false, func() { l.remove(l.confDir, "05-better.conflist") }, "cluster", "10.88."},
		{"the default network vanishes and comes back", false, func() { l.vanish(cluster) }, "cluster", "10.88."},
		{"it gets other addresses", false, func() { l.conf("20-cluster.conflist", l.network("cluster", "10.66.0.0/16")) }, "cluster", "10.66."},
		{"and its own again", false, func() { l.conf("20-cluster.conflist", cluster) }, "cluster", "10.88."},
		{"half a file of another agent", false, func() { l.Write(filepath.Join(l.confDir, "01-half.conflist"), `{"cniVersion": "1.`) }, "cluster", "10.88."},
		{"that is ready then", false, func() { l.rename("01-half.conflist", "half"); l.conf("01-better.conflist", better) }, "better", "10.77."},
		{"and goes", false, func() { l.remove(l.confDir, "01-better.conflist") }, "cluster", "10.88."},
		{"somebody deletes ours", true, func() { l.remove(l.confDir, "00-multus.conflist") }, "cluster", "10.88."},
		{"somebody breaks ours", true, func() { l.conf("00-multus.conflist", strings.Replace(cluster, "cluster", "00", 1)) }, "cluster", "10.88."},
		{"somebody deletes the binary", true, func() { l.remove(l.Bin, "multus") }, "cluster", "10.88."},
		{"somebody deletes the kubeconfig", false, func() { l.remove(l.confDir, "multus.d", "multus.kubeconfig") }, "cluster", "10.88."},
		{"somebody deletes the token", false, func() { l.remove(l.confDir, "multus.d", "token") }, "cluster", "10.88."},
		{"an older multus beside", true, func() { l.conf("00-multus.conf", older) }, "cluster", "10.88."},
		{"the installer is killed, and starts again", false, func() { r.kill(); r = l.host.start() }, "cluster", "10.88."},
		{"it is told to end", false, func() { l.Must(r.cmd.Process.Signal(syscall.SIGTERM)); _ = r.cmd.Wait() }, "cluster", "10.88."},
	}
	for _, s := range steps {
		if s.ours {
			l.multus.Store(false)
		}
		l.step(s.what, s.change, s.network, s.prefix)
	}
}

// vanish takes the default network away, waits until both runtimes are not ready, and
// puts it back.
func (l *life) vanish(conf string) {
	l.T.Helper()
	l.remove(l.confDir, "20-cluster.conflist")
	for name, e := range l.engines {
		l.await(name+" notices", func() error {
			if e.status() == nil {
				return errors.New("ready without the default network")
			}
			return nil
		})
	}
	l.conf("20-cluster.conflist", conf)
}

// TestNodeBoots: a node whose directories are empty after each boot: with --early no pod
// starts without multus, though the default network's agent writes its file in pieces.
func TestNodeBoots(t *testing.T) {
	l := newLife(t)
	l.at("early")
	l.host.start("--early")
	for name, e := range l.engines {
		l.await(name, loads(e, "multus"))
		if err := e.status(); err == nil {
			t.Errorf("%s is ready without a network", name)
		}
	}
	l.multus.Store(true)
	l.step("the default network comes in pieces", func() {
		f, err := os.Create(filepath.Join(l.confDir, "10-cluster.conflist"))
		l.Must(err)
		for piece := range slices.Chunk([]byte(l.network("cluster", "10.88.0.0/16")), 40) {
			_, err := f.Write(piece)
			l.Must(err)
			time.Sleep(30 * time.Millisecond)
		}
		l.Must(f.Close())
	}, "cluster", "10.88.")
}

// TestNodeReplacesOlder: the configuration of an older multus comes first until ours has
// taken its place, and there is a network all the time.
func TestNodeReplacesOlder(t *testing.T) {
	l := newLife(t)
	l.conf("10-cluster.conflist", l.network("cluster", "10.88.0.0/16"))
	l.Must(os.WriteFile(filepath.Join(l.Bin, "multus"), []byte("#!/bin/sh\necho '{\"cniVersion\": \"1.0.0\", \"supportedVersions\": [\"0.3.1\", \"1.0.0\", \"1.1.0\"]}'\n"), 0o755))
	l.conf("00-multus.conf", older)
	for name, e := range l.engines {
		l.await(name, loads(e, "multus"))
	}
	l.multus.Store(true)
	l.step("the new one comes", func() { l.host.start() }, "cluster", "10.88.")
}

// TestNodeKills: killed at whatever moment, while the default network changes, the
// installer leaves a node that works, and the next one puts in order what is left.
func TestNodeKills(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	l := newLife(t)
	cluster, better := l.network("cluster", "10.88.0.0/16"), l.network("better", "10.77.0.0/16")
	l.conf("10-cluster.conflist", cluster)
	l.step("begin", func() { l.host.start().killed(l) }, "cluster", "10.88.")
	for i := range 20 {
		l.at(fmt.Sprint("kill ", i))
		r := l.host.start()
		time.Sleep(time.Duration(random.IntN(80)) * time.Millisecond)
		if i%2 == 0 {
			l.conf("05-better.conflist", better)
		} else {
			l.remove(l.confDir, "05-better.conflist")
		}
		if i%5 == 0 {
			l.multus.Store(false)
			l.remove(l.Bin, "multus")
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		r.kill()
	}
	l.step("end", func() { l.host.start() }, "cluster", "10.88.")
	for _, dir := range []string{l.confDir, l.Bin} {
		for _, file := range l.Files(dir, false) {
			if strings.Contains(file, "multus-install") {
				t.Errorf("half written: %s", file)
			}
		}
	}
}

// killed waits until there is a configuration, and kills the installer then.
func (r *running) killed(l *life) {
	l.await("installed", func() error { return ready(l.engines["containerd"], "cluster") })
	r.kill()
}
