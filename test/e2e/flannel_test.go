package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const (
	flannelConf   = "/etc/cni/flannel.conflist"
	flannelKept   = "/var/lib/cni/flannel*" // what the plugin keeps of each container until DEL
	secondSubnets = "/run/flannel/second.env"
)

// flannel is a pair of nodes whose default network is flannel's, as flannel's own
// manifest configures it but for the name of the bridge, which the node has already.
func flannel(t *testing.T) (first, second node) {
	t.Helper()
	first = installed(t)
	first.plugin("flannel")
	second = neighbour(t, "e2e-2", "MULTUS_E2E_JOIN="+first.base)
	second.plugin("flannel")
	for i, n := range []node{first, second} {
		n.kubectl("patch", "node", n.name, "-p", fmt.Sprintf(`{"spec": {"podCIDR": "10.245.%[1]d.0/24", "podCIDRs": ["10.245.%[1]d.0/24"]}}`, i))
		n.write("/run/flannel/net-conf.json", `{"Network": "10.245.0.0/16", "Backend": {"Type": "vxlan"}}`)
		n.write(flannelConf, `{"name": "cbr0", "cniVersion": "0.3.1", "plugins": [
			{"type": "flannel", "delegate": {"bridge": "cni1", "hairpinMode": true, "isDefaultGateway": true}},
			{"type": "portmap", "capabilities": {"portMappings": true}}]}`)
		n.configure(n.own("1.0.0", doc{"clusterNetwork": flannelConf}))
		n.daemon("flanneld", []string{"NODE_NAME=" + n.name}, "-kubeconfig", n.dir()+"/admin.kubeconfig", "-net-conf", "/run/flannel/net-conf.json")
		n.leased("/run/flannel/subnet.env")
	}
	return first, second
}

// leased waits until flannel has a subnet for the node.
func (n node) leased(file string) {
	n.t.Helper()
	n.until("leased a subnet", func() bool { _, err := n.try("", "grep", "-q", "FLANNEL_SUBNET", file); return err == nil })
	n.t.Cleanup(func() { n.run("rm", "-f", file) })
}

// TestFlannel: pods of two nodes reach each other through flannel's tunnel, one
// moves, and all are torn down without the file that ADD needs.
func TestFlannel(t *testing.T) {
	n, second := flannel(t)
	n.start(pod("here", ""), on(second, pod("there", "")), pod("moves", ""))
	here := n.truthful("here", "cbr0")[0]
	for _, name := range []string{"there", "moves"} {
		n.exec("here", "ping", "-c1", "-W5", n.truthful(name, "cbr0")[0].IPs[0])
	}
	n.kubectl("delete", "pod", "moves")
	n.start(on(second, pod("moves", "")))
	there := n.truthful("moves", "cbr0")[0].IPs[0]
	n.exec("moves", "ping", "-c1", "-W5", here.IPs[0])
	if route := n.run("ip", "route", "get", there); !strings.Contains(route, "dev flannel.1") {
		t.Errorf("the route to %s is %s", there, route)
	}

	t.Log("DEL without subnet.env")
	for _, it := range []node{n, second} {
		it.run("rm", "/run/flannel/subnet.env")
	}
	n.forgotten(second)
}

// forgotten deletes all pods, of which flannel's plugin may then keep nothing on either node.
func (n node) forgotten(second node) {
	n.t.Helper()
	n.removePods()
	for _, it := range []node{n, second} {
		it.clean()
		if kept := it.run("sh", "-c", "find "+flannelKept+" -type f"); kept != "" {
			n.t.Errorf("flannel's plugin keeps %s", kept)
		}
	}
}

// TestTwoFlannels: a second flannel with leases, tunnel, file and directory of its
// own is a secondary network over both nodes.
func TestTwoFlannels(t *testing.T) {
	n, second := flannel(t)
	const etcd = "http://172.30.0.10:12379"
	n.process("etcd-of-flannel", "etcd", "--data-dir", n.dir()+"/etcd-of-flannel", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", "http://127.0.0.1:12380", "--unsafe-no-fsync", "--log-level", "warn")
	n.put("172.30.0.10/12379", "/second/config", `{"Network": "10.246.0.0/16", "Backend": {"Type": "vxlan", "VNI": 2}}`)
	for _, it := range []node{n, second} {
		it.process("flanneld-second", it.program("flanneld"), "-etcd", etcd, "-etcd-prefix", "/second", "-subnet-file", secondSubnets)
		it.leased(secondSubnets)
	}
	n.apply(definition("second", `{"cniVersion": "0.3.1", "type": "flannel", "subnetFile": "`+secondSubnets+`", "dataDir": "/var/lib/cni/flannel-second",
		"delegate": {"bridge": "cni2", "forceAddress": true}}`))
	n.start(pod("here", "second"), on(second, pod("there", "second")))
	here, there := n.truthful("here", "cbr0", "default/second"), n.truthful("there", "cbr0", "default/second")
	for i, prefix := range []string{"10.245.", "10.246."} {
		for _, s := range []status{here[i], there[i]} {
			if !strings.HasPrefix(s.IPs[0], prefix) {
				t.Errorf("network %d has %s, and should be %s", i, s.IPs[0], prefix)
			}
		}
		n.exec("here", "ping", "-c1", "-W5", "-I", here[i].Interface, there[i].IPs[0])
	}
	n.forgotten(second)
}

// put puts a value into an etcd, once that answers.
func (n node) put(address, key, value string) {
	n.t.Helper()
	in64 := base64.StdEncoding.EncodeToString
	body, err := json.Marshal(doc{"key": in64([]byte(key)), "value": in64([]byte(value))})
	n.must(err)
	request := fmt.Sprintf("POST /v3/kv/put HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	n.until("put", func() bool {
		out, err := n.try(request, "bash", "-c", `exec 3<>"/dev/tcp/$0" && cat >&3 && cat <&3`, address)
		return err == nil && strings.Contains(out, "200 OK")
	})
}
