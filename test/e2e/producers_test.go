package e2e_test

import (
	"strings"
	"testing"
)

// TestVirtualMachine: the pod of a virtual machine as KubeVirt annotates it, on a
// network that declares nothing: interfaces named by a hash, each with its MAC.
func TestVirtualMachine(t *testing.T) {
	n := installed(t)
	n.apply(definition("vlan10", `{"cniVersion": "0.3.1", "name": "vlan10", "type": "bridge", "bridge": "br10", "macspoofchk": false, "ipam": {}}`))
	n.start(pod("virt-launcher", `[{"name": "vlan10", "namespace": "default", "mac": "02:7f:00:00:00:10", "interface": "pod16477688c0e",
		"cni-args": {"logicNetworkName": "vlan10"}},
		{"name": "vlan10", "namespace": "default", "mac": "02:7f:00:00:00:11", "interface": "podb1f51a511f1"}]`))
	have, list := n.real("virt-launcher"), n.statuses("virt-launcher")
	for i, mac := range []string{"02:7f:00:00:00:10", "02:7f:00:00:00:11"} {
		if s := list[i+1]; s.MAC != mac || have[s.Interface].MAC != mac {
			t.Errorf("network-status %+v, the pod has %+v, want %s", s, have, mac)
		}
	}
}

// TestPrimaryWithFixedAddress: a pod as OVN-Kubernetes annotates it, whose default
// network is one of ovn-kubernetes's namespace, with address and MAC, and with
// namespaces kept apart.
func TestPrimaryWithFixedAddress(t *testing.T) {
	n := installed(t)
	n.configure(n.own("1.1.0", doc{"namespaceIsolation": true, "defaultNetworkNamespaces": "ovn-kubernetes"}))
	_, _ = n.try("", "kubectl", "create", "namespace", "ovn-kubernetes")
	nad := definition("default", `{"cniVersion": "1.0.0", "name": "ovn-kubernetes", "type": "bridge", "bridge": "br11", "ipam": {"type": "static"}}`)
	metadata(nad)["namespace"] = "ovn-kubernetes"
	n.apply(nad)
	p := pod("fixed", "")
	metadata(p)["annotations"] = doc{"v1.multus-cni.io/default-network": `[{"name": "default", "namespace": "ovn-kubernetes",
		"ips": ["10.60.11.5/24"], "mac": "02:7f:00:00:00:12", "ipam-claim-reference": "fixed.primary"}]`}
	n.start(p)
	s := n.truthful("fixed", "ovn-kubernetes/default")[0]
	if s.Interface != "eth0" || s.MAC != "02:7f:00:00:00:12" || s.IPs[0] != "10.60.11.5" {
		t.Errorf("network-status: %+v", s)
	}
	if ip := n.kubectl("get", "pod", "fixed", "-o", "jsonpath={.status.podIP}"); ip != "10.60.11.5" {
		t.Errorf("the kubelet says that the pod has %s", ip)
	}
	t.Log("what may be a default network may not be any other")
	n.apply(pod("curious", "ovn-kubernetes/default"))
	n.told("curious", "FailedCreatePodSandBox", "ovn-kubernetes/default", "namespaceIsolation")
}

// TestDefaultRoute: a network of the pod's carries its default route, and none but it.
func TestDefaultRoute(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	n.start(pod("routed", `[{"name": "one"}, {"name": "two", "default-route": ["10.60.2.1"]}]`))
	n.truthful("routed", "cbr0", "default/one", "default/two")
	var defaults []string
	for line := range strings.Lines(n.exec("routed", "ip", "route")) {
		if strings.HasPrefix(line, "default ") {
			defaults = append(defaults, strings.TrimSpace(line))
		}
	}
	if len(defaults) != 1 || !strings.HasPrefix(defaults[0], "default via 10.60.2.1 dev net1") {
		t.Errorf("default routes: %q", defaults)
	}
	if text := n.kubectl("get", "pod", "routed", "-o", "jsonpath={.metadata.annotations}"); !strings.Contains(text, `\"default-route\":[\"10.60.2.1\"]`) {
		t.Errorf("annotations: %s", text)
	}
}

// TestChainOfDirectory: the plugins of a directory beside the default network's file,
// one a file, are one more network of every pod, static ones included.
func TestChainOfDirectory(t *testing.T) {
	n := installed(t)
	n.write("/etc/cni/net.d/extras/10-bridge.conf", `{"cniVersion": "1.0.0", "type": "bridge", "bridge": "br12", "ipam": {"type": "host-local", "subnet": "10.60.12.0/24"}}`)
	n.write("/etc/cni/net.d/extras/20-tuning.conf", `{"cniVersion": "1.0.0", "type": "tuning", "sysctl": {"net.ipv4.conf.IFNAME.arp_filter": "1"}}`)
	t.Cleanup(func() { n.run("rm", "-r", "/etc/cni/net.d/extras") })
	n.configure(n.own("1.1.0", doc{"auxiliaryCNIChainName": "extras"}))
	n.apply(network("one", 1))
	n.static(pod("fixed", "one"))
	n.start(pod("plain", ""))
	n.running("fixed-e2e")
	for name, last := range map[string]status{
		"plain":     n.truthful("plain", "cbr0", "extras")[1],
		"fixed-e2e": n.truthful("fixed-e2e", "cbr0", "default/one", "extras")[2],
	} {
		if got := strings.TrimSpace(n.exec(name, "cat", "/proc/sys/net/ipv4/conf/"+last.Interface+"/arp_filter")); got != "1" {
			t.Errorf("%s: arp_filter of %s is %s", name, last.Interface, got)
		}
	}
}
