package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// delegates is a configuration that needs no API server. It masquerades nothing: ctr
// asks for DEL when the namespace is gone, and bridge then leaves its rules behind.
const delegates = `{
  "cniVersion": "1.0.0", "name": "two-nets", "type": "multus",
  "delegates": [
    {"cniVersion": "1.0.0", "name": "first", "type": "bridge", "bridge": "br7", "isGateway": true,
     "ipam": {"type": "host-local", "subnet": "10.60.7.0/24"}},
    {"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "eth0", "ipam": {"type": "host-local", "subnet": "10.60.8.0/24"}}
  ]
}`

// TestWithoutKubeconfig: networks that the configuration alone names, for pods of a
// kubelet and for a container that Kubernetes knows nothing of.
func TestWithoutKubeconfig(t *testing.T) {
	n := installed(t)
	var readme struct{ Name string }
	n.must(json.Unmarshal([]byte(n.run("cat", confPath)), &readme))
	n.configure(`{"cniVersion": "1.0.0", "name": "` + readme.Name + `", "plugins": [` + delegates + `]}`)
	n.start(pod("local", ""))
	have := n.real("local")
	if len(have) != 2 || len(have["eth0"].IPs) != 1 || len(have["net0"].IPs) != 1 {
		t.Errorf("the pod has %+v", have)
	}
	if text := n.kubectl("get", "pod", "local", "-o", "jsonpath={.metadata.annotations}"); strings.Contains(text, statusKey) {
		t.Errorf("annotations: %s", text)
	}
	out := n.run("sh", "-c", `ctr -a "$0" -n k8s.io run --rm --cni --cgroup "/$MULTUS_E2E_CGROUP/bare" docker.io/library/busybox:e2e bare ip -o -4 addr`, n.dir()+"/containerd.sock")
	for _, want := range []string{"eth0    inet 10.60.7.", "net0    inet 10.60.8."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in what the container has:\n%s", want, out)
		}
	}
}
