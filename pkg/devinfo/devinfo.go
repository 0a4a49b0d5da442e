package devinfo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/regular"
)

// maxFile bounds what is read of a file, in bytes: it becomes part of an annotation.
const maxFile = 8 << 10

// Prepare makes the attachment's file before its plugins run: a copy of the device
// plugin's. Nothing is there where that one is not, nor anything of an earlier
// attachment. An error is no reason not to attach.
func Prepare(a plan.Attachment) error {
	if a.DeviceInfoFile == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(a.DeviceInfoFile), 0o755); err != nil {
		return err
	}
	if err := Remove(a); err != nil || a.Device == nil || a.Device.ID == "" {
		return err
	}
	info, err := read(pluginFile(a))
	if info == nil || err != nil {
		return err
	}
	return os.WriteFile(a.DeviceInfoFile, info, 0o644)
}

// pluginFile is the file of the device plugin.
func pluginFile(a plan.Attachment) string {
	name := strings.ReplaceAll(a.Device.Resource+"-"+a.Device.ID+"-device.json", "/", "-")
	return filepath.Join(filepath.Dir(filepath.Dir(a.DeviceInfoFile)), "dp", name)
}

// Read is what the attachment's file says after its plugins ran, nil where there
// is none.
func Read(a plan.Attachment) (json.RawMessage, error) {
	if a.DeviceInfoFile == "" { // as of most: no call to the system
		return nil, nil
	}
	return read(a.DeviceInfoFile)
}

// Remove takes the attachment's file away, if it has one.
func Remove(a plan.Attachment) error {
	if a.DeviceInfoFile == "" {
		return nil
	}
	if err := os.Remove(a.DeviceInfoFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func read(path string) (json.RawMessage, error) {
	data, err := regular.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := rawjson.Parse(data)
	if err == nil {
		err = check(info)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: no device information: %w", path, err)
	}
	return info.JSON(), nil
}

// check tells whether an object describes a device (device information
// specification, section 3): the member that its type names must be there, with
// text in the keys that one of the type must have.
func check(info rawjson.Object) error {
	kind, _ := info.Text("type")
	required := map[string][]string{
		"pci":        {"pci-address"},
		"vdpa":       {"parent-device", "driver", "path"},
		"vhost-user": {"mode", "path"},
		"memif":      {"role", "path", "mode"},
	}[kind]
	if required == nil {
		return fault.Fault{Key: "type", What: "pci, vdpa, vhost-user or memif is expected, found " + fault.Quote(kind)}
	}
	if version, _ := info.Text("version"); version == "" {
		return fault.Fault{Key: "version", What: "it is missing"}
	}
	value, _ := info.Value(kind)
	device, err := rawjson.Nested(value)
	if err != nil {
		return fault.Under(kind, err)
	}
	missing := slices.IndexFunc(required, func(key string) bool { text, _ := device.Text(key); return text == "" })
	if missing >= 0 {
		return fault.Fault{Key: kind + "." + required[missing], What: "text is expected"}
	}
	return nil
}
