package multus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// given are the devices of every pod.
type given map[string][]string

func (g given) Devices(context.Context, plan.Pod, []string) (map[string][]string, error) {
	return g, nil
}

const pci = `{"type":"pci","version":"1.1.0","pci":{"pci-address":"d1"}}`

// devicesWorld has a pod with one network, vf, that names the resource x.io/vf,
// and a device plugin's file of device d1.
func devicesWorld(t *testing.T, given given) *world {
	t.Helper()
	w := newWorld(t, `"cniVersion":"1.1.0","kubeconfig":"/k","delegates":[{"cniVersion":"1.1.0","name":"a","type":"a"}]`)
	w.put(doc{"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
		"metadata": doc{"namespace": "ns1", "name": "vf", "annotations": doc{"k8s.v1.cni.cncf.io/resourceName": "x.io/vf"}},
		"spec":     doc{"config": `{"cniVersion":"1.0.0","type":"vf","capabilities":{"CNIDeviceInfoFile":true}}`}})
	w.selects("vf,vf")
	w.Planner.Devices = given
	w.Planner.DeviceInfo = filepath.Join(w.dir, "devinfo")
	for _, dir := range []string{"dp", "cni"} {
		cnitest.Must(t, os.MkdirAll(filepath.Join(w.dir, "devinfo", dir), 0o700))
	}
	cnitest.Must(t, os.WriteFile(filepath.Join(w.dir, "devinfo/dp/x.io-vf-d1-device.json"), []byte(pci), 0o400))
	return w
}

// deviceFiles are the files of attachments.
func (w *world) deviceFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "devinfo/cni/*"))
	cnitest.Must(t, err)
	return files
}

func TestDeviceInformation(t *testing.T) {
	w := devicesWorld(t, given{"x.io/vf": {"d1", "d2"}})
	if _, err := w.Add(t.Context(), sandbox("c1")); err != nil {
		t.Fatal(err)
	}
	if got := w.status(); strings.Count(got, `"device-info":`+pci) != 1 || !strings.Contains(got, `"interface":"net0"`) {
		t.Errorf("status %s", got)
	}
	if files := w.deviceFiles(t); len(files) != 1 || filepath.Base(files[0]) != "c1@eth0-net0-device.json" {
		t.Errorf("files %q", files)
	}
	w.Planner.Devices = nil
	w.del(t, "c1")
	if files := w.deviceFiles(t); len(files) > 0 {
		t.Errorf("files %q stay", files)
	}
}

func TestDeviceInformationOfAFailedAdd(t *testing.T) {
	w := devicesWorld(t, given{"x.io/vf": {"d1", "d2"}})
	w.fail(map[string]error{"ADD vf": errors.New("no driver")})
	if _, err := w.Add(t.Context(), sandbox("c1")); err == nil || strings.Contains(err.Error(), "no device of it") {
		t.Errorf("error %v", err)
	}
	if files := w.deviceFiles(t); len(files) > 0 {
		t.Errorf("files %q stay", files)
	}
}

// TestNoDeviceGiven: a plugin that needs one says so, and multus why it has none.
func TestNoDeviceGiven(t *testing.T) {
	w := devicesWorld(t, given{})
	if _, err := w.Add(t.Context(), sandbox("c1")); err != nil {
		t.Fatal(err)
	}
	w.fail(map[string]error{"ADD vf": errors.New("pciBusID is missing")})
	_, err := w.Add(t.Context(), sandbox("c2"))
	const says = `network ns1/vf (net0): vf: pciBusID is missing (the network names resource "x.io/vf", and the pod was given no device of it)`
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v", err)
	}
}

// TestDeviceInformationGoesWithAForgottenSandbox: also where the plugin that it is
// for cannot be brought to detach, and where the record is lost.
func TestDeviceInformationGoesWithAForgottenSandbox(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *world){
		"forgotten": func(t *testing.T, w *world) {
			w.fail(map[string]error{"DEL vf": errors.New("gone")})
			if forgotten, err := w.Forget(t.Context(), state.KeyOf(sandbox("c1"))); err != nil || len(forgotten.Left) != 2 {
				t.Fatalf("%v, left %v", err, forgotten.Left)
			}
		},
		"no record": func(t *testing.T, w *world) {
			cnitest.Must(t, os.Remove(filepath.Join(string(w.State), "sandboxes", "c1@eth0.json")))
			w.del(t, "c1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := devicesWorld(t, given{"x.io/vf": {"d1", "d2"}})
			w.add(t, "c1")
			if files := w.deviceFiles(t); len(files) != 1 {
				t.Fatalf("files %q before", files)
			}
			end(t, w)
			if files := w.deviceFiles(t); len(files) > 0 {
				t.Errorf("files %q stay", files)
			}
		})
	}
}
