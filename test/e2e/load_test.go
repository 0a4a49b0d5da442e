package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// loadGuard set: run the tests of this file too, which take half an hour.
const loadGuard = "MULTUS_E2E_LOAD"

// loaded is installed for a test under load.
func loaded(t *testing.T) node {
	t.Helper()
	if os.Getenv(loadGuard) == "" {
		t.Skipf("takes long; ./test.sh load")
	}
	n := installed(t)
	n.apply(network("one", 1), network("two", 2), network("three", 3))
	return n
}

const three = "one,two,three"

// TestLoadHundredPods starts a hundred pods at once and takes them away again, with
// the default network alone and with three more, and tells what that took.
func TestLoadHundredPods(t *testing.T) {
	n := loaded(t)
	for _, c := range []struct{ name, networks string }{{"without multus", ""}, {"multus, no networks", ""}, {"multus, three networks", three}} {
		t.Run(c.name, func(t *testing.T) {
			n := n.of(t).prepared()
			if c.name == "without multus" {
				n.withoutMultus()
			}
			var pods []doc
			for i := range 100 {
				pods = append(pods, pod(fmt.Sprintf("many-%d", i), c.networks))
			}
			cpu, begin := n.cpu(), time.Now()
			n.apply(pods...)
			n.eventually(10*time.Minute, "a hundred pods running", func() bool { return n.count("Running") == 100 })
			up, used := time.Since(begin), n.cpu()-cpu
			if c.networks != "" {
				n.truthful("many-0", "cbr0", "default/one", "default/two", "default/three")
				n.truthful("many-99", "cbr0", "default/one", "default/two", "default/three")
			}
			cpu, begin = n.cpu(), time.Now()
			n.kubectl("delete", "pods", "--all", "--wait=false")
			n.eventually(10*time.Minute, "nothing left of a hundred pods", func() bool { return n.traces() == "" })
			t.Logf("%s: running after %.1f s and %.1f s of CPU, gone after %.1f s and %.1f s of CPU", c.name,
				up.Seconds(), used.Seconds(), time.Since(begin).Seconds(), (n.cpu() - cpu).Seconds())
		})
	}
}

// TestLoadDay attaches and detaches thousands of times through containerd, as many as
// a node does in a day, and looks for what grows: records, leases, links, files,
// processes, descriptors of containerd.
func TestLoadDay(t *testing.T) {
	n := loaded(t)
	n.configure(`{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [` + delegates + `]}`)
	rounds := 300
	if given, err := strconv.Atoi(os.Getenv(loadGuard)); err == nil && given > 1 {
		rounds = given
	}
	const atOnce = 4
	batch := func(times int) {
		n.run("sh", "-c", fmt.Sprintf(`
			for worker in $(seq %d); do
				for i in $(seq %d); do
					ctr -a "$0" -n k8s.io run --rm --cni --cgroup "/$MULTUS_E2E_CGROUP/day" docker.io/library/busybox:e2e day-$worker-$i true || echo failed >&2
				done &
			done
			wait`, atOnce, times), n.dir()+"/containerd.sock")
	}
	batch(5) // bridges, directories, and what containerd keeps
	before, begin := n.sizes(), time.Now()
	batch(rounds)
	t.Logf("%d sandboxes in %.0f s", atOnce*rounds, time.Since(begin).Seconds())
	n.eventually(time.Minute, "as it was before", func() bool { return n.sizes() == before })
}

// sizes counts what might grow.
func (n node) sizes() string {
	n.t.Helper()
	return n.run("sh", "-c", `
		echo links $(ip -o link | wc -l), routes $(ip route | wc -l), namespaces $(ls /run/netns | wc -l)
		echo files $(find /var/lib/cni /etc/cni /opt/cni /run/cni /run/k8s.cni.cncf.io -type f 2>/dev/null | wc -l)
		echo rules $(nft list ruleset | wc -l)
		echo processes $(ls -d /proc/[0-9]* | wc -l | awk '{ print int($1 / 10) }')
		echo descriptors $(ls /proc/$(cat "$0")/fd | wc -l | awk '{ print int($1 / 50) }')`, n.dir()+"/containerd.pid")
}

// TestLoadOutage: a minute without the API server. What runs goes on, what is to start
// waits and then starts, what is to go goes.
func TestLoadOutage(t *testing.T) {
	n := loaded(t)
	n.start(pod("before", three))
	n.hold("kube-apiserver")
	time.Sleep(time.Minute)
	n.release("kube-apiserver")
	n.until("back", func() bool { _, err := n.try("", "kubectl", "get", "--raw", "/readyz"); return err == nil })
	n.ready("True")
	n.truthful("before", "cbr0", "default/one", "default/two", "default/three")
	n.start(pod("after", three))
	n.truthful("after", "cbr0", "default/one", "default/two", "default/three")
}

// TestLoadDiskFull: no room for a record, so nothing is attached, and the pod says
// why; it starts as soon as there is room. What runs can go all the same.
func TestLoadDiskFull(t *testing.T) {
	n := loaded(t)
	n.run("sh", "-c", "mkdir -p /var/lib/cni/multus && mount -t tmpfs -o size=256k tmpfs /var/lib/cni/multus")
	t.Cleanup(func() {
		n.removePods()
		n.run("umount", "/var/lib/cni/multus")
	})
	n.start(pod("runs", three))
	n.run("sh", "-c", "cat /dev/zero >/var/lib/cni/multus/filler 2>/dev/null || true")
	n.apply(pod("waits", three))
	n.told("waits", "FailedCreatePodSandBox", "no space left on device")
	n.kubectl("delete", "pod", "runs")
	n.eventually(patience, "the first pod gone", func() bool { return !strings.Contains(n.run("ls", "/var/lib/cni/networks/one"), "10.60.1.2") })
	n.run("rm", "/var/lib/cni/multus/filler")
	n.running("waits")
	n.truthful("waits", "cbr0", "default/one", "default/two", "default/three")
}

// TestLoadRollOuts: the kubelet, containerd and multus are replaced again and again
// while pods come and go.
func TestLoadRollOuts(t *testing.T) {
	n := loaded(t)
	// Without masquerade: bridge leaves its rules behind where a sandbox's namespace went
	// before DEL, as those do that containerd was making when it was killed.
	for i, name := range []string{"one", "two", "three"} {
		n.apply(definition(name, fmt.Sprintf(`{"cniVersion": "1.0.0", "type": "bridge", "bridge": "br%d",
			"ipam": {"type": "host-local", "subnet": "10.60.%d.0/24"}}`, 20+i, 20+i)))
	}
	for round := range 6 {
		var pods []doc
		for i := range 8 {
			pods = append(pods, pod(fmt.Sprintf("round-%d-%d", round, i), three))
		}
		n.apply(pods...)
		switch round % 3 {
		case 0:
			n.kill("containerd")
		case 1:
			n.kill("kubelet")
		case 2: // as install does it
			n.run("sh", "-c", "cp /opt/cni/bin/multus /opt/cni/bin/.multus.new && mv /opt/cni/bin/.multus.new /opt/cni/bin/multus && touch "+confPath)
		}
		if round > 0 { // half of those of before go meanwhile
			for i := range 4 {
				n.kubectl("delete", "pod", fmt.Sprintf("round-%d-%d", round-1, i), "--wait=false")
			}
		}
		time.Sleep(2 * time.Second)
	}
	n.eventually(5*time.Minute, "all running", func() bool { return n.count("Running") == 6*8-5*4 })
	for i := range 8 {
		n.truthful(fmt.Sprintf("round-5-%d", i), "cbr0", "default/one", "default/two", "default/three")
	}
}

// withoutMultus takes multus's configuration away for this test.
func (n node) withoutMultus() {
	n.t.Helper()
	before := n.run("cat", confPath)
	n.run("rm", confPath)
	n.t.Cleanup(func() { n.write(confPath, before) })
	time.Sleep(time.Second) // containerd watches the directory
}

// count is how many pods are in a phase and not about to go.
func (n node) count(phase string) int {
	phases, err := n.phases()
	if err != nil {
		return -1
	}
	number := 0
	for _, it := range phases {
		if it == phase {
			number++
		}
	}
	return number
}

// cpu is the time that the node's parts and what they started and waited for, CNI
// plugins above all, have spent; not that of shims and containers.
func (n node) cpu() time.Duration {
	n.t.Helper()
	var ticks int64
	for line := range strings.Lines(n.run("sh", "-c", `for part in "$0"/*.pid; do cat "/proc/$(cat "$part")/stat"; done`, n.dir())) {
		fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			spent, err := strconv.ParseInt(field, 10, 64)
			n.must(err)
			ticks += spent
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
