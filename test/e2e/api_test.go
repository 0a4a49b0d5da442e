package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAnnotationsFromTheAPI: a configuration without the runtime's annotations, as
// with runtimes that have none to hand over, reads the pod itself.
func TestAnnotationsFromTheAPI(t *testing.T) {
	n := installed(t)
	conf := n.own("1.0.0", doc{"capabilities": doc{"portMappings": true}, "logFile": "/run/api.log", "logLevel": "debug"})
	n.configure(conf)
	n.apply(network("one", 1), network("two", 2))
	n.static(pod("fixed", "two"))
	n.start(pod("first", "one"), pod("second", ""))
	n.running("fixed-e2e")
	n.truthful("first", "cbr0", "default/one")
	n.truthful("second", "cbr0")
	n.truthful("fixed-e2e", "cbr0", "default/two")
	n.kubectl("delete", "pod", "first", "--force", "--grace-period=0")
	n.start(pod("first", "two,one"))
	if list := n.statuses("first"); len(list) != 3 || list[1].Name != "default/two" || list[2].Name != "default/one" {
		t.Errorf("network-status: %+v", list)
	}
}

// TestStaticPodBeforeTheAPIServer: the kubelet starts static pods without an API
// server; those that need it wait for it, and say afterwards what they got.
func TestStaticPodBeforeTheAPIServer(t *testing.T) {
	n := installed(t)
	n.configure(n.own("1.0.0", doc{"apiTimeout": "1s"}))
	n.apply(network("one", 1))
	n.hold("kube-apiserver")
	n.static(pod("fixed", "one"))
	n.until("tried", func() bool {
		return strings.Contains(n.run("sh", "-c", "tail -n 40 "+n.dir()+"/log/kubelet"), "API server not usable")
	})
	n.release("kube-apiserver")
	n.running("fixed-e2e")
	n.truthful("fixed-e2e", "cbr0", "default/one")
}

// TestCommandsOnTheNode: CHECK is content with what is attached, and GC takes away
// what the runtime no longer knows, of a pod that it lost.
func TestCommandsOnTheNode(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1))
	n.start(pod("kept", "one"), pod("lost", "one"))
	recs := map[string]record{}
	for path := range strings.FieldsSeq(n.run("sh", "-c", "ls /var/lib/cni/multus/sandboxes/*")) {
		var rec record
		n.must(json.Unmarshal([]byte(n.run("cat", path)), &rec))
		name := "kept"
		if strings.Contains(rec.Sandbox.Args, "K8S_POD_NAME=lost") {
			name = "lost"
		}
		recs[name] = rec
	}
	n.multus("CHECK", recs["kept"], doc{"prevResult": recs["kept"].Attachments[0].Result})
	n.multus("GC", record{}, doc{"cni.dev/valid-attachments": []doc{{"containerID": recs["kept"].Sandbox.ContainerID, "ifname": "eth0"}}})
	if have := n.real("lost"); len(have) != 0 {
		t.Errorf("after GC the lost pod has %+v", have)
	}
	n.truthful("kept", "cbr0", "default/one")
	n.multus("CHECK", recs["kept"], nil)
}

// multus runs one CNI command as a runtime would.
func (n node) multus(command string, rec record, more doc) {
	n.t.Helper()
	var list doc
	n.must(json.Unmarshal([]byte(n.own("1.1.0", more)), &list))
	plugin := list["plugins"].([]any)[0].(doc)
	plugin["name"], plugin["cniVersion"] = list["name"], list["cniVersion"]
	data, err := json.Marshal(plugin)
	n.must(err)
	n.feed(string(data), "env", "CNI_COMMAND="+command, "CNI_PATH=/opt/cni/bin", "CNI_CONTAINERID="+rec.Sandbox.ContainerID,
		"CNI_IFNAME=eth0", "CNI_NETNS="+rec.Sandbox.NetNS, "CNI_ARGS="+rec.Sandbox.Args, "/opt/cni/bin/multus")
}
