package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	resourceKey = "k8s.v1.cni.cncf.io/resourceName"
	infoFiles   = "/var/run/k8s.cni.cncf.io/devinfo/cni"
)

// devices runs the devices of test/devices in the node, as its device plugin or
// driver, until the test ends.
func (n node) devices(args ...string) {
	n.t.Helper()
	log := filepath.Join(n.dir(), "log", "devices")
	pid := n.run(append([]string{"sh", "-c", `"$@" >>"$0" 2>&1 & echo $!`, log, own(n.t, "test/devices")}, args...)...)
	n.t.Cleanup(func() {
		n.run("kill", strings.TrimSpace(pid))
		if n.t.Failed() {
			n.t.Log(n.run("cat", log))
		}
	})
}

// recorded puts the recorder into the node, and is a network of it whose calls
// are logged. Its pods need a device of the resource; "" for none.
func (n node) recorded(name, resource string) doc {
	n.t.Helper()
	n.recorder()
	config := fmt.Sprintf(`{"cniVersion": "1.0.0", "type": "recorder", "capabilities": {"deviceID": true, "CNIDeviceInfoFile": true}, "recorder": {"log": %q}}`, n.calls())
	nad := definition(name, config)
	nad["metadata"].(doc)["annotations"] = doc{resourceKey: resource}
	return nad
}

// recorder puts the recorder into the node.
func (n node) recorder() {
	n.t.Helper()
	n.run("cp", own(n.t, "test/recorder"), "/opt/cni/bin/recorder")
	n.run("mkdir", "-p", n.calls())
}

// programs is where programs of the repository are that tests have built.
var programs struct {
	sync.Mutex
	dir string
}

// own is a program of the repository, built by the first test that wants it.
func own(t *testing.T, dir string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	path := filepath.Join(programs.dir, filepath.Base(dir))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = filepath.Join(root, dir)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", dir, err, out)
	}
	return path
}

func (n node) calls() string { return filepath.Join(n.dir(), "calls") }

// toldDevice is what a plugin was told of a device.
type toldDevice struct {
	DeviceID, PCIBusID string
	RuntimeConfig      struct {
		DeviceID          string
		CNIDeviceInfoFile string
	}
}

// handed are the devices that the recorder was told with ADD for a pod, in order;
// the log begins anew. Every way of telling says the same.
func (n node) handed(pod string) []string {
	n.t.Helper()
	var ids, files []string
	for line := range strings.Lines(n.run("sh", "-c", `cat "$0"/calls.jsonl; : >"$0"/calls.jsonl`, n.calls())) {
		var c struct {
			Command, Stdin string
			Env            map[string]string
		}
		n.must(json.Unmarshal([]byte(line), &c))
		if c.Command != "ADD" || !slices.Contains(strings.Split(c.Env["CNI_ARGS"], ";"), "K8S_POD_NAME="+pod) {
			continue
		}
		var d toldDevice
		n.must(json.Unmarshal([]byte(c.Stdin), &d))
		file := d.RuntimeConfig.CNIDeviceInfoFile
		if d.PCIBusID != d.DeviceID || d.RuntimeConfig.DeviceID != d.DeviceID || filepath.Dir(file) != infoFiles || slices.Contains(files, file) {
			n.t.Errorf("%s: the plugin reads %s", pod, c.Stdin)
		}
		ids, files = append(ids, d.DeviceID), append(files, file)
	}
	return ids
}

// published are the devices that the pod's network-status tells of, in order.
func (n node) published(pod string) []string {
	n.t.Helper()
	text := n.kubectl("get", "pod", pod, "-o", `jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}`)
	var list []struct {
		Info struct {
			PCI struct {
				Address string `json:"pci-address"`
			} `json:"pci"`
		} `json:"device-info"`
	}
	n.must(json.Unmarshal([]byte(text), &list))
	var ids []string
	for _, s := range list[1:] {
		ids = append(ids, s.Info.PCI.Address)
	}
	return ids
}

// holds are the devices that a container was given, by its environment.
func (n node) holds(pod, container string) []string {
	n.t.Helper()
	out := n.kubectl("exec", pod, "-c", container, "--", "sh", "-c", "echo $DEVICES")
	return slices.Sorted(strings.SplitSeq(strings.TrimSpace(out), ","))
}

// needing is a pod whose containers need devices: name and number in turn.
func needing(name, networks, resource string, containers ...any) doc {
	p := pod(name, networks)
	spec := p["spec"].(doc)
	first := spec["containers"].([]doc)[0]
	var all []doc
	for i := 0; i < len(containers); i += 2 {
		c := doc{"name": containers[i], "image": first["image"], "imagePullPolicy": "Never", "command": first["command"]}
		if count := containers[i+1]; count != 0 {
			c["resources"] = doc{"limits": doc{resource: fmt.Sprint(count)}}
		}
		all = append(all, c)
	}
	spec["containers"] = all
	return p
}

// allocatable waits until the kubelet has so many devices.
func (n node) allocatable(resource, count string) {
	n.t.Helper()
	key := strings.ReplaceAll(resource, ".", `\.`)
	n.until(resource+" there", func() bool {
		out, err := n.try("", "kubectl", "get", "node", n.name, "-o", "jsonpath={.status.allocatable."+key+"}")
		return err == nil && out == count
	})
}

// same tells whether a pod's networks have the devices, and its status says so.
func (n node) same(pod string, want ...string) {
	n.t.Helper()
	if got := n.handed(pod); !slices.Equal(got, want) {
		n.t.Errorf("%s: its networks have %q, want %q", pod, got, want)
	}
	if got := n.published(pod); !slices.Equal(got, want) {
		n.t.Errorf("%s: its status tells of %q, want %q", pod, got, want)
	}
}

// without deletes a pod and makes sure that no device-info file of it stays.
func (n node) without(pod string) {
	n.t.Helper()
	n.kubectl("delete", "pod", pod)
	n.clean()
	n.until("without device-info files", func() bool {
		out, err := n.try("", "find", infoFiles, "-type", "f")
		return err == nil && out == ""
	})
}

// TestDevices: what the real kubelet gives to a pod is what its networks get.
func TestDevices(t *testing.T) {
	n := installed(t)
	const vf = "e2e.test/vf"
	n.devices("plugin", "-resource", vf, "-devices", "d1,d2,d3,d4")
	n.allocatable(vf, "4")
	n.apply(n.recorded("vf", vf), n.recorded("also", vf))

	n.start(needing("two", "vf, also", vf, "wait", 2))
	handed := n.handed("two")
	if given := n.holds("two", "wait"); len(handed) != 2 || !slices.Equal(slices.Sorted(slices.Values(handed)), given) {
		t.Errorf("the container was given %q, the networks have %q", given, handed)
	}
	if got := n.published("two"); !slices.Equal(got, handed) {
		t.Errorf("the status tells of %q, the networks have %q", got, handed)
	}
	t.Log("another sandbox of the pod")
	sandbox := strings.TrimSpace(n.run("sh", "-c", `ls /var/lib/cni/multus/sandboxes | sed -n 's/@eth0.json$//p'`))
	n.run("ctr", "-a", n.dir()+"/containerd.sock", "-n", "k8s.io", "tasks", "kill", "-s", "KILL", sandbox)
	n.until("attached anew", func() bool {
		out, err := n.try("", "ls", "/var/lib/cni/multus/sandboxes")
		return err == nil && strings.Contains(out, "@eth0.json") && !strings.Contains(out, sandbox)
	})
	n.until("attached for good", func() bool { return strings.Count(n.events("two", "AddedInterfaces"), "\n") == 2 })
	n.running("two")
	if again := n.handed("two"); len(again) != 2 || !slices.Equal(slices.Sorted(slices.Values(again)), slices.Sorted(slices.Values(handed))) {
		t.Errorf("the new sandbox has %q, the one before had %q", again, handed)
	}
	n.without("two")

	t.Log("the containers' order, not that of their names")
	n.start(needing("order", "vf, vf", vf, "zeta", 1, "alpha", 1))
	n.same("order", n.holds("order", "zeta")[0], n.holds("order", "alpha")[0])
	n.without("order")

	t.Log("more networks than devices")
	n.apply(needing("many", "vf, vf", vf, "wait", 1))
	n.told("many", "FailedCreatePodSandBox", `pod default/many: network default/vf (net1): no device of resource "e2e.test/vf" is left: the pod was given 1`)
	n.without("many")
	n.apply(needing("none", "vf", vf, "wait", 0))
	n.told("none", "FailedCreatePodSandBox", `pod default/none: network default/vf (net0): no device of resource "e2e.test/vf"`)
	n.without("none")
}

// TestDevicesOfInitContainers: a container that ends leaves its device to the pod.
func TestDevicesOfInitContainers(t *testing.T) {
	n := installed(t)
	const vf = "e2e.test/vf"
	n.devices("plugin", "-resource", vf, "-devices", "d1,d2,d3,d4")
	n.allocatable(vf, "4")
	n.apply(n.recorded("vf", vf))
	initial := func(p doc, restart string, command ...string) doc {
		c := doc{
			"name": "first", "image": "docker.io/library/busybox:e2e", "imagePullPolicy": "Never",
			"command": command, "resources": doc{"limits": doc{vf: "1"}},
		}
		if restart != "" {
			c["restartPolicy"] = restart
		}
		p["spec"].(doc)["initContainers"] = []doc{c}
		return p
	}
	n.start(initial(needing("init", "vf", vf, "wait", 0), "", "true"))
	handed := n.handed("init")
	if len(handed) != 1 || !slices.Equal(n.published("init"), handed) {
		t.Errorf("its network has %q, its status tells of %q", handed, n.published("init"))
	}
	n.without("init")
	n.start(initial(needing("reused", "vf", vf, "wait", 1), "", "true"))
	n.same("reused", n.holds("reused", "wait")...)
	n.without("reused")
	n.start(initial(needing("sidecar", "vf, vf", vf, "wait", 1), "Always", "sleep", "3600"))
	n.same("sidecar", n.holds("sidecar", "first")[0], n.holds("sidecar", "wait")[0])
	n.without("sidecar")
}

// TestDevicesWhileTheKubeletRestarts: whatever becomes of the kubelet, no device is
// lost, and none is another pod's.
func TestDevicesWhileTheKubeletRestarts(t *testing.T) {
	n := installed(t)
	const vf = "e2e.test/vf"
	n.devices("plugin", "-resource", vf, "-devices", "d1,d2")
	n.allocatable(vf, "2")
	n.apply(n.recorded("vf", vf))
	n.start(needing("before", "vf", vf, "wait", 1))
	before := n.handed("before")
	n.kill("kubelet")
	n.apply(needing("during", "vf", vf, "wait", 1))
	n.until("during running", func() bool {
		phase, err := n.try("", "kubectl", "get", "pod", "during", "-o", "jsonpath={.status.phase}")
		if err == nil && phase == "Failed" { // before the plugin was there again: a controller makes another
			n.kubectl("delete", "pod", "during", "--force", "--grace-period=0")
			n.apply(needing("during", "vf", vf, "wait", 1))
		}
		return err == nil && phase == "Running"
	})
	during := n.handed("during")
	if len(before) != 1 || len(during) != 1 || before[0] == during[0] {
		t.Errorf("one pod has %q, the other %q", before, during)
	}
	n.hold("kubelet")
	n.kubectl("delete", "pod", "before", "--wait=false")
	n.release("kubelet")
	n.until("gone", func() bool {
		_, err := n.try("", "kubectl", "get", "pod", "before")
		return err != nil
	})
	n.allocatable(vf, "2")
	n.start(needing("after", "vf", vf, "wait", 1))
	n.same("after", before...)
}

// TestMark: a resource that only a scheduler knows is no device.
func TestMark(t *testing.T) {
	n := installed(t)
	red := network("red", 1)
	red["metadata"].(doc)["annotations"] = doc{resourceKey: "ovs-cni.network.kubevirt.io/br1"}
	n.apply(red)
	n.start(pod("marked", "red"))
	n.truthful("marked", "cbr0", "default/red")
}

// TestClaims: what the real scheduler allocates to a pod's claims is what its
// networks get.
func TestClaims(t *testing.T) {
	t.Parallel() // a node of its own, and much of its time is waiting
	n := neighbour(t, "e2e", "MULTUS_E2E_CONTROLLERS=1", "MULTUS_E2E_FEATURES=DRAExtendedResource=true")
	n.devices("driver", "-kubeconfig", n.dir()+"/admin.kubeconfig", "-devices", "n1,n2,n3,n4", "-resource", "e2e.test/nic", "-node", n.name)
	n.until("published", func() bool {
		out, err := n.try("", "kubectl", "get", "resourceslices", "-o", "name")
		return err == nil && out != ""
	})
	n.kubectl("apply", "-f", "deployments/components/devices")
	exactly := func(requests ...doc) doc { return doc{"devices": doc{"requests": requests}} }
	one := func(name string) doc { return doc{"name": name, "exactly": doc{"deviceClassName": "nic"}} }
	either := doc{"name": "main", "firstAvailable": []doc{{"name": "sub", "deviceClassName": "nic"}}}
	n.apply(n.recorded("nic", "e2e.test/nic"),
		doc{"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": doc{"name": "nic"},
			"spec": doc{"extendedResourceName": "e2e.test/extended", "selectors": []doc{{"cel": doc{"expression": `device.driver == "dra.e2e.test"`}}}}},
		doc{"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": doc{"name": "direct", "namespace": "default"}, "spec": exactly(one("nic"))},
		doc{"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate", "metadata": doc{"name": "two", "namespace": "default"},
			"spec": doc{"spec": exactly(one("other"), either)}})

	claiming := pod("claiming", "nic, nic, nic")
	spec := claiming["spec"].(doc)
	delete(spec, "nodeName") // the scheduler's
	spec["containers"].([]doc)[0]["resources"] = doc{"claims": []doc{{"name": "made", "request": "main"}}}
	spec["resourceClaims"] = []doc{{"name": "found", "resourceClaimName": "direct"}, {"name": "made", "resourceClaimTemplateName": "two"}}
	n.start(claiming)
	want := []string{n.claimed("made", "main"), n.claimed("direct", "nic"), n.claimed("made", "other")}
	if got := n.handed("claiming"); !slices.Equal(got, want) || slices.Contains(want, "") {
		t.Errorf("its networks have %q, the scheduler allocated %q", got, want)
	}
	n.kubectl("delete", "pod", "claiming")
	n.clean()

	t.Log("an extended resource that the scheduler meets with a claim")
	extended := needing("extended", "nic", "e2e.test/extended", "wait", 1)
	delete(extended["spec"].(doc), "nodeName")
	n.start(extended)
	device := n.kubectl("get", "resourceclaims", "-o", `jsonpath={range .items[?(@.metadata.ownerReferences[0].name=="extended")]}{.status.allocation.devices.results[0].device}{end}`)
	if got := n.handed("extended"); len(got) != 1 || fmt.Sprint("nic-", int(got[0][1]-'1')) != device {
		t.Errorf("its network has %q, the scheduler allocated %q", got, device)
	}
	n.kubectl("delete", "pod", "extended") // while the driver is there to let the devices go
	n.clean()
}

// claimed is the ID of the device that was allocated for a request of the claim
// whose name begins like that, or that was made from a template for it.
func (n node) claimed(claim, request string) string {
	n.t.Helper()
	for line := range strings.Lines(n.kubectl("get", "resourceclaims", "-o",
		`jsonpath={range .items[*]}{.metadata.name}{range .status.allocation.devices.results[*]} {.request}={.device}{end}{"\n"}{end}`)) {
		words := strings.Fields(line)
		if words[0] != claim && !strings.HasPrefix(words[0], "claiming-"+claim) {
			continue
		}
		for _, allocated := range words[1:] {
			of, device, _ := strings.Cut(allocated, "=")
			var index int
			if _, err := fmt.Sscanf(device, "nic-%d", &index); err == nil && (of == request || strings.HasPrefix(of, request+"/")) {
				return fmt.Sprintf("n%d", index+1)
			}
		}
	}
	return ""
}
