package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Where the default network's configuration is, and where another agent might put it.
const (
	defaultConf = "/etc/cni/net.d/10-flannel.conflist"
	otherConf   = "/etc/cni/net.d/05-flannel.conflist"
)

// fleet is a node without multus, of a cluster that has controllers and the image of
// multus, as `./build image` makes it.
func fleet(t *testing.T) node {
	t.Helper()
	n := started(t, "e2e", "MULTUS_E2E_CONTROLLERS=1")
	t.Cleanup(func() {
		if t.Failed() {
			n.evidence()
			n.show("kubectl -n kube-system describe pods; kubectl -n kube-system logs -l app.kubernetes.io/name=multus --tail=60; cat " + confPath)
		}
	})
	n.ready("True")
	n.run("sh", "-c", `ctr -a "$0" -n k8s.io images import bin/multus-image.tar`, n.dir()+"/containerd.sock")
	return n
}

// deploy applies the manifest that the README names, and waits until multus is there.
func (n node) deploy() {
	n.t.Helper()
	n.kubectl("apply", "-f", "deployments/multus.yaml")
	n.rolledOut()
}

func (n node) rolledOut() {
	n.t.Helper()
	n.kubectl("-n", "kube-system", "rollout", "status", "daemonset/multus", "--timeout=90s")
}

// conf is multus's configuration as it is on the node now; empty: there is none.
func (n node) conf() (conf struct {
	Name    string
	Plugins []struct{ Type, ClusterNetwork, Kubeconfig string }
},
) {
	n.t.Helper()
	if text, err := n.try("", "cat", confPath); err == nil {
		n.must(json.Unmarshal([]byte(text), &conf))
	}
	return conf
}

// TestDaemonSet is the life of multus on a cluster, from one kubectl apply on.
func TestDaemonSet(t *testing.T) {
	t.Parallel() // a node of its own, and much of its time is waiting
	n := fleet(t)
	n.kubectl("apply", "-f", "deployments/base/crd")
	n.apply(network("one", 1), network("two", 2))
	n.start(pod("older", ""))
	n.deploy()

	conf := n.conf()
	if conf.Name != "cbr0" || len(conf.Plugins) != 1 || conf.Plugins[0].ClusterNetwork != defaultConf {
		t.Fatalf("the configuration is %+v", conf)
	}
	modes := n.run("sh", "-c", `cd "$(dirname "$0")" && stat -c '%a %n' . *`, conf.Plugins[0].Kubeconfig)
	if !strings.HasPrefix(modes, "700 .\n") || strings.Count(modes, "600 ") != strings.Count(modes, "\n")-1 {
		t.Errorf("modes of the kubeconfig's directory:\n%s", modes)
	}
	if rules := n.kubectl("auth", "can-i", "--list", "--as=system:serviceaccount:kube-system:multus"); strings.Contains(rules, "secrets") || strings.Contains(rules, "[*]") {
		t.Errorf("multus may:\n%s", rules)
	}

	t.Log("pods, and one that is older than multus")
	n.start(pod("web", "one,two"))
	n.truthful("web", "cbr0", "default/one", "default/two")
	n.kubectl("delete", "pod", "older")
	n.examined()

	t.Log("a roll-out while pods start")
	n.kubectl("-n", "kube-system", "rollout", "restart", "daemonset/multus")
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("rolled-%d", i))
		n.apply(pod(names[i], "one"))
	}
	n.rolledOut()
	n.running(names...)
	for _, name := range names {
		n.truthful(name, "cbr0", "default/one")
	}

	t.Log("the default network's configuration is renamed, and ours and the binary deleted")
	n.run("mv", defaultConf, otherConf)
	n.until("the new name known", func() bool { c := n.conf(); return len(c.Plugins) == 1 && c.Plugins[0].ClusterNetwork == otherConf })
	n.run("rm", confPath)
	n.until("the configuration back", func() bool { return n.conf().Name != "" })
	n.run("rm", "/opt/cni/bin/multus")
	n.until("the binary back", func() bool { _, err := n.try("", "test", "-x", "/opt/cni/bin/multus"); return err == nil })
	n.start(pod("after", "two"))
	n.truthful("after", "cbr0", "default/two")
	n.ready("True")
	if log := n.run("sh", "-c", "grep -c 'failed to load cni' "+n.dir()+"/log/containerd || true"); strings.TrimSpace(log) != "0" {
		t.Errorf("containerd could not load its configuration %s times", strings.TrimSpace(log))
	}

	n.removePods()
	n.clean()
	n.undeploy(t)
}

// undeploy takes multus away while a pod runs that it attached.
func (n node) undeploy(t *testing.T) {
	t.Log("away, while a pod runs")
	// It masquerades nothing: bridge leaves its rules behind where the namespace is gone
	// before DEL, and containerd now calls another plugin than multus before that.
	n.apply(definition("lan", `{"cniVersion": "1.0.0", "type": "bridge", "bridge": "br9", "ipam": {"type": "host-local", "subnet": "10.60.9.0/24"}}`))
	n.start(pod("last", "lan"))
	n.kubectl("-n", "kube-system", "delete", "daemonset", "multus")
	n.until("the configuration away", func() bool { return n.conf().Name == "" })
	n.truthful("last", "cbr0", "default/lan")
	n.ready("True")
	n.start(pod("plain", "one"))
	if have := n.real("plain"); len(have) != 1 {
		t.Errorf("a pod that started without multus has %+v", have)
	}
	n.removePods()
	n.run("bin/multus", "uninstall", "--wait", "30s") // where the installer did not come to it within its grace
	if left := strings.TrimSpace(n.run("sh", "-c", "ls -A /etc/cni/net.d; ls -d /opt/cni/bin/multus* /var/lib/cni/multus 2>/dev/null || true")); left != "05-flannel.conflist" {
		t.Errorf("left after uninstall: %q", left)
	}
	n.clean()
}

// show logs what a command prints on the node.
func (n node) show(command string) {
	out, err := n.try("", "sh", "-c", command)
	n.t.Logf("%s (%v)\n%s", command, err, out)
}

// TestRepair: pods that asked for networks and started before multus was there.
func TestRepair(t *testing.T) {
	t.Parallel() // a node of its own, and much of its time is waiting
	n := fleet(t)
	n.kubectl("apply", "-f", "deployments/base/crd")
	n.apply(network("one", 1))
	n.start(pod("early", "one"), pod("plain", ""))
	time.Sleep(time.Minute) // a younger pod may be about to get its network-status
	n.deploy()
	n.told("early", "NetworksMissing", "one")
	if told := n.events("plain", "NetworksMissing"); told != "" {
		t.Errorf("a pod that asked for nothing is told %s", told)
	}
}

// TestStaleOnHost: what no runtime will detach is detached by a command of the runtime,
// which has what the plugins need, and not by the pod, which has not.
func TestStaleOnHost(t *testing.T) {
	t.Parallel() // a node of its own, and much of its time is waiting
	n := fleet(t)
	n.deploy()
	n.run("ip", "netns", "add", "stale")
	var conf struct {
		CNIVersion, Name string
		Plugins          []doc
	}
	n.must(json.Unmarshal([]byte(n.run("cat", confPath)), &conf))
	plugin := conf.Plugins[0]
	plugin["cniVersion"], plugin["name"] = conf.CNIVersion, conf.Name
	stdin, err := json.Marshal(plugin)
	n.must(err)
	n.feed(string(stdin), "env", "CNI_COMMAND=ADD", "CNI_CONTAINERID=stale", "CNI_NETNS=/var/run/netns/stale", "CNI_IFNAME=eth0", "CNI_PATH=/opt/cni/bin", "/opt/cni/bin/multus")
	n.run("ip", "netns", "del", "stale")

	n.kubectl("-n", "kube-system", "rollout", "restart", "daemonset/multus")
	n.rolledOut()
	n.until("asked", func() bool {
		return strings.Contains(n.kubectl("-n", "kube-system", "logs", "daemonset/multus"), "asked the next command")
	})
	if !strings.Contains(n.run("/opt/cni/bin/multus", "list"), "stale") {
		t.Error("the pod detached it itself")
	}
	n.start(pod("next", ""))
	n.until("detached", func() bool { return !strings.Contains(n.run("/opt/cni/bin/multus", "list"), "stale") })
	n.removePods()
	n.clean()
}
