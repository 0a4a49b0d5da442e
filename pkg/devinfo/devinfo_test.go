package devinfo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const pci = `{"type":"pci","version":"1.1.0","pci":{"pci-address":"0000:18:02.5"}}`

func attachment(root string) plan.Attachment {
	return plan.Attachment{
		Device:         &plan.Device{Resource: "intel.com/vf", ID: "0000:18:02.5"},
		DeviceInfoFile: filepath.Join(root, "cni", "c1@eth0-net0-device.json"),
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	cnitest.Must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	cnitest.Must(t, os.WriteFile(path, []byte(text), 0o444))
}

func TestCopy(t *testing.T) {
	root := filepath.Join(t.TempDir(), "devinfo")
	a := attachment(root)
	write(t, filepath.Join(root, "dp", "intel.com-vf-0000:18:02.5-device.json"), pci)
	write(t, a.DeviceInfoFile, "of an earlier attachment")
	cnitest.Must(t, Prepare(a))
	copied, err := os.ReadFile(a.DeviceInfoFile)
	if err != nil || string(copied) != pci {
		t.Errorf("%s, %v", copied, err)
	}
	if info, err := Read(a); err != nil || string(info) != pci {
		t.Errorf("%s, %v", info, err)
	}
	for range 2 {
		cnitest.Must(t, Remove(a))
	}
	if _, err := os.Stat(a.DeviceInfoFile); !os.IsNotExist(err) {
		t.Errorf("it stays: %v", err)
	}
}

// TestAbsent: device plugins that write none, and those that took theirs away
// when they stopped, leave no trace of an earlier attachment either.
func TestAbsent(t *testing.T) {
	root := filepath.Join(t.TempDir(), "devinfo")
	a := attachment(root)
	write(t, a.DeviceInfoFile, pci)
	cnitest.Must(t, Prepare(a))
	if info, err := Read(a); info != nil || err != nil {
		t.Errorf("%s, %v", info, err)
	}
	a.Device = nil
	if err := Prepare(a); err != nil {
		t.Error(err)
	}
	if info, err := Read(plan.Attachment{}); info != nil || err != nil {
		t.Errorf("%s, %v", info, err)
	}
}

func TestContent(t *testing.T) {
	for text, says := range map[string]string{
		pci: "",
		`{"type":"vdpa","version":"1.1.0","vdpa":{"parent-device":"vdpa0","driver":"vhost","path":"/dev/vhost-vdpa-0","x":{}}}`: "",
		`{"type":"vhost-user","version":"1.0.0","vhost-user":{"mode":"client","path":"/v"}}`:                                    "",
		`{"type":"memif","version":"1.0.0","memif":{"role":"master","path":"/m","mode":"ethernet"}}`:                            "",
		`{"type":"usb","version":"1.0.0","usb":{}}`:                                                                             `type: pci, vdpa, vhost-user or memif is expected, found "usb"`,
		`{"type":"pci","pci":{"pci-address":"x"}}`:                                                                              "version: it is missing",
		`{"type":"pci","version":"1.0.0"}`:                                                                                      "pci: an object is expected",
		`{"type":"pci","version":"1.0.0","pci":[]}`:                                                                             "pci: an object is expected",
		`{"type":"pci","version":"1.0.0","pci":{"pci-address":7}}`:                                                              "pci.pci-address: text is expected",
		`{"type":"memif","version":"1.0.0","memif":{"role":"master","path":"/m"}}`:                                              "memif.mode: text is expected",
		`{"type":"pci","type":"pci","version":"1.0.0","pci":{"pci-address":"x"}}`:                                               "twice",
		"": "no device information",
		`{"type":"pci","version":"1.0.0","pci":{"pci-address":"` + strings.Repeat("x", maxFile) + `"}}`: "more than",
	} {
		root := t.TempDir()
		a := attachment(root)
		write(t, a.DeviceInfoFile, text)
		info, err := Read(a)
		if says == "" && (err != nil || string(info) != text) {
			t.Errorf("%s: %s, %v", text, info, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says) || info != nil) {
			t.Errorf("%.80s: %s, %v", text, info, err)
		}
	}
}
