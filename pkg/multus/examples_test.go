package multus_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
)

// node is what no file of an example can say: the devices that a pod was given,
// what device plugins tell of them, and what the plugins answer, by interface.
type node struct {
	Devices    given                                 `json:"devices"`
	DeviceInfo map[string]json.RawMessage            `json:"deviceInfo"`
	Results    map[string]map[string]json.RawMessage `json:"results"`
}

// TestExamplesOfDevices attaches the pod of each example, with all but its hardware.
func TestExamplesOfDevices(t *testing.T) {
	pods, err := filepath.Glob("../../examples/devices/*/pod.yaml")
	if err != nil || len(pods) < 8 {
		t.Fatalf("%d examples, %v", len(pods), err)
	}
	for _, pod := range pods {
		dir := filepath.Dir(pod)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			objects, err := manifest.Load(dir)
			cnitest.Must(t, err)
			for _, f := range lint.Check(t.Context(), objects) {
				t.Errorf("validate: %v", f)
			}
			var n node
			decodeFile(t, filepath.Join("testdata/devices", filepath.Base(dir)+".json"), &n)
			cluster := &publishing{Objects: objects}
			w := n.world(t, cluster)
			pod := objects.Pods()[0]
			sb := sandbox("c1")
			sb.Args = "K8S_POD_NAMESPACE=" + pod.Namespace + ";K8S_POD_NAME=" + pod.Name
			if _, err := w.Add(t.Context(), sb); err != nil {
				t.Fatal(err)
			}
			n.checkInputs(t, w)
			var want, got any
			decodeFile(t, filepath.Join(dir, "network-status"), &want)
			cnitest.Must(t, json.Unmarshal(cluster.status, &got))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("status: -want +got:\n%s", diff)
			}
			if err := w.Del(t.Context(), sb); err != nil || len(w.deviceFiles(t)) > 0 {
				t.Errorf("DEL: %v; files %q", err, w.deviceFiles(t))
			}
		})
	}
}

// publishing is a cluster of files that keeps what is published.
type publishing struct {
	*manifest.Objects
	status []byte
}

func (p *publishing) Publish(_ context.Context, _ plan.Pod, status []byte, _ string) error {
	p.status = status
	return nil
}

func decodeFile(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// world is a node with the devices and the plugins.
func (n node) world(t *testing.T, cluster multus.Cluster) *world {
	t.Helper()
	w := newStatic(t, `"cniVersion":"1.0.0","kubeconfig":"/k","delegates":[{"cniVersion":"1.0.0","name":"cluster","type":"cluster"}]`)
	w.Cluster, w.Planner.Devices = cluster, n.Devices
	w.Planner.DeviceInfo = filepath.Join(w.dir, "devinfo")
	cnitest.Must(t, os.MkdirAll(filepath.Join(w.dir, "devinfo/dp"), 0o700))
	for name, info := range n.DeviceInfo {
		cnitest.Must(t, os.WriteFile(filepath.Join(w.dir, "devinfo/dp", name+"-device.json"), info, 0o400))
	}
	w.exec.Answer = func(ctx context.Context, c cnitest.Call) ([]byte, error) {
		if c.Command != "ADD" {
			return nil, nil
		}
		if c.Plugin == "cluster" {
			return []byte(`{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mac":"0a:58:0a:f4:01:07","sandbox":"/run/netns/pod"}],"ips":[{"address":"10.244.1.7/24","interface":0}]}`), nil
		}
		return n.answer(c)
	}
	return w
}

// answer is what the plugin of an interface prints. One that knows of its device
// writes it into the file that it was told.
func (n node) answer(c cnitest.Call) ([]byte, error) {
	result := map[string]json.RawMessage{}
	for key, value := range n.Results[c.Env["CNI_IFNAME"]] {
		result[key] = value
	}
	if info, tells := result["$deviceInfo"]; tells {
		delete(result, "$deviceInfo")
		var conf struct {
			Runtime struct {
				File string `json:"CNIDeviceInfoFile"`
			} `json:"runtimeConfig"`
		}
		if err := json.Unmarshal(c.Stdin, &conf); err != nil {
			return nil, err
		}
		if err := os.WriteFile(conf.Runtime.File, info, 0o600); err != nil {
			return nil, err
		}
	}
	data, err := json.Marshal(result)
	return []byte(strings.ReplaceAll(string(data), "$IFNAME", c.Env["CNI_IFNAME"])), err
}

// checkInputs: every plugin got its device, in the order in which they were given.
func (n node) checkInputs(t *testing.T, w *world) {
	t.Helper()
	var want, got []string
	for _, ids := range n.Devices {
		want = append(want, ids...)
	}
	for _, c := range w.exec.Calls() {
		var conf struct{ DeviceID, PCIBusID string }
		if err := json.Unmarshal(c.Stdin, &conf); err != nil || conf.DeviceID != conf.PCIBusID || conf.DeviceID == "" && c.Plugin != "cluster" {
			t.Errorf("%s reads %s, %v", c, c.Stdin, err)
		}
		if last := len(got) - 1; conf.DeviceID != "" && (last < 0 || got[last] != conf.DeviceID) {
			got = append(got, conf.DeviceID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("devices: -want +got:\n%s", diff)
	}
}
