package e2e_test

import (
	"strings"
	"testing"
)

// TestPodWithoutNetworks: what every pod of the cluster goes through.
func TestPodWithoutNetworks(t *testing.T) {
	n := installed(t)
	n.start(pod("plain", ""))
	n.truthful("plain", "cbr0")
	ip := n.kubectl("get", "pod", "plain", "-o", "jsonpath={.status.podIP}")
	if have := n.real("plain")["eth0"]; len(have.IPs) != 1 || have.IPs[0] != ip {
		t.Errorf("the kubelet says %s, the pod has %+v", ip, have)
	}
}

// TestNetworks selects networks in both forms of the annotation.
func TestNetworks(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2),
		definition("lan", `{"cniVersion": "1.0.0", "type": "macvlan", "master": "eth0", "ipam": {"type": "host-local", "subnet": "10.60.9.0/24"}}`))
	n.start(
		pod("comma", "one, default/lan@north, two"),
		pod("json", `[{"name": "lan"}, {"name": "one", "namespace": "default", "interface": "south"}, {"name": "two"}]`),
		pod("twice", "one, one"),
	)
	comma := n.truthful("comma", "cbr0", "default/one", "default/lan", "default/two")
	json := n.truthful("json", "cbr0", "default/lan", "default/one", "default/two")
	n.truthful("twice", "cbr0", "default/one", "default/one")
	for i, want := range []string{"eth0 eth0", "net0 net0", "north south", "net2 net2"} {
		if got := comma[i].Interface + " " + json[i].Interface; got != want {
			t.Errorf("interfaces %d: %s, want %s", i, got, want)
		}
	}
	n.exec("comma", "ping", "-c1", "-W5", "-I", "net0", json[2].IPs[0])
	n.exec("comma", "ping", "-c1", "-W5", "-I", "net2", json[3].IPs[0])
	n.exec("comma", "ping", "-c1", "-W5", "-I", "north", json[1].IPs[0])
	n.exec("json", "ping", "-c1", "-W5", "-I", "south", comma[1].IPs[0])
	var parts []string
	for _, s := range comma {
		parts = append(parts, s.Interface+" ["+s.IPs[0]+"] from "+s.Name)
	}
	n.told("comma", "AddedInterfaces", parts...)
}

// TestMissingNetwork: the pod waits and says why, and starts once the network is there.
func TestMissingNetwork(t *testing.T) {
	n := installed(t)
	n.apply(pod("early", "late"))
	t.Log(n.told("early", "FailedCreatePodSandBox", "default/late"))
	if phase := n.kubectl("get", "pod", "early", "-o", "jsonpath={.status.phase} {.status.containerStatuses[0].state.waiting.reason}"); phase != "Pending ContainerCreating" {
		t.Errorf("the pod is %s", phase)
	}
	n.apply(network("late", 3))
	n.running("early")
	n.truthful("early", "cbr0", "default/late")
	n.kubectl("delete", "network-attachment-definition", "late")
}

// TestBandwidth: the runtime asks the cluster's network for what it does not
// have; without multus that would be passed over, and so it is with multus.
func TestBandwidth(t *testing.T) {
	n := installed(t)
	p := pod("narrow", "")
	p["metadata"].(doc)["annotations"] = doc{"kubernetes.io/ingress-bandwidth": "1M"}
	n.start(p)
	n.truthful("narrow", "cbr0")
}

// TestHostPort: what the runtime asks of the cluster's network gets there.
func TestHostPort(t *testing.T) {
	n := installed(t)
	p := pod("server", "")
	container := p["spec"].(doc)["containers"].([]doc)[0]
	container["ports"] = []doc{{"containerPort": 80, "hostPort": 8088}}
	container["command"] = []string{"sh", "-c", "echo hello >/index.html; exec httpd -f -h /"}
	n.start(p)
	n.until("served", func() bool {
		out, err := n.try("", "bash", "-c", `exec 3<>/dev/tcp/172.30.0.10/8088 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && cat <&3`)
		return err == nil && strings.Contains(out, "hello")
	})
}
