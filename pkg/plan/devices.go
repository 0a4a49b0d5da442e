package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/multus-cni/multus/pkg/fault"
)

// Capabilities of plugins that work with devices.
const (
	capabilityDevice     = "deviceID"
	capabilityDeviceInfo = "CNIDeviceInfoFile"
)

// DeviceInfoDir holds the files that describe devices (device information
// specification, section 4): those of device plugins below dp, those for and of
// CNI plugins below cni.
const DeviceInfoDir = "/var/run/k8s.cni.cncf.io/devinfo"

// allocate finds a device for each attachment whose network names a resource: the
// one that the annotation names, else the next that the pod was given and that none
// has. The answer is in the order of what is wanted; an empty ID: no device.
func (d *draft) allocate(ctx context.Context, names []named) []Device {
	devices := make([]Device, len(d.wanted))
	var resources []string // of which one has to be found, in order of use
	for i, w := range d.wanted {
		devices[i] = Device{Resource: d.networks[w.source].resource, ID: w.selection.DeviceID}
		if d.needsDevice(w) && !slices.Contains(resources, devices[i].Resource) {
			resources = append(resources, devices[i].Resource)
		}
	}
	if d.salvage || len(resources) == 0 { // DEL asks no kubelet
		return devices
	}
	given, none, err := d.given(ctx, resources)
	if err != nil {
		d.faults.Add(err)
		return devices
	}
	for i, w := range d.wanted {
		if !d.needsDevice(w) {
			continue
		}
		n, resource := d.networks[w.source], devices[i].Resource
		subject := fmt.Sprintf("network %s (%s)", n.title, names[i].name)
		free := func(id string) bool { return !slices.Contains(devices, Device{resource, id}) }
		if next := slices.IndexFunc(given[resource], free); next >= 0 {
			devices[i].ID = given[resource][next]
			if d.planner.Devices == nil {
				d.warn(subject, fmt.Sprintf("a device of %s, known on the node alone; %q stands for it", fault.Quote(resource), devices[i].ID))
			}
			continue
		}
		err := lacking(resource, given[resource], none)
		if len(given[resource]) > 0 || n.list.Declares(capabilityDevice) {
			d.faults.Addf("pod %s: %s: %w", d.pod, subject, err)
		} else { // the resource may be a mark for the scheduler alone
			d.warn(subject, err.Error())
		}
	}
	return devices
}

// lacking says that there is no device, and none that is left where some were given.
func lacking(resource string, given []string, none string) error {
	if len(given) == 0 {
		return fmt.Errorf("no device of resource %s: %s; if the network needs one, request it in resources.limits of a container", fault.Quote(resource), none)
	}
	return fmt.Errorf("no device of resource %s is left: the pod was given %d (%s), which its other networks have; request one more in resources.limits of a container",
		fault.Quote(resource), len(given), fault.QuoteAll(given))
}

// needsDevice tells whether an attachment's device has to be found.
func (d *draft) needsDevice(w wanted) bool {
	return !w.refused && w.selection.DeviceID == "" && d.networks[w.source].resource != ""
}

// given are the pod's devices by resource, placeholders where they are not known, and
// what to say where it has none of a resource.
func (d *draft) given(ctx context.Context, resources []string) (given map[string][]string, none string, err error) {
	if d.pod.IsZero() {
		return nil, "there is no pod that could have devices", nil
	}
	if d.planner.Devices == nil {
		given = make(map[string][]string)
		for _, resource := range resources {
			for i := range d.wanted {
				given[resource] = append(given[resource], fmt.Sprintf("placeholder-%d", i+1))
			}
		}
		return given, "", nil
	}
	given, err = d.planner.Devices.Devices(ctx, d.pod, resources)
	if errors.Is(err, ErrNotFound) {
		return nil, err.Error(), nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("devices of pod %s: %w", d.pod, err)
	}
	none = "the kubelet gave the pod no device of it"
	if len(given) > 0 {
		none += ", only of " + fault.QuoteAll(slices.Sorted(maps.Keys(given)))
	}
	return given, none, nil
}

// device puts a device into an attachment, and the path of its device-info file
// where it has one or a plugin writes one. Each attachment has a file of its own.
func (d *draft) device(a *Attachment, dev Device) {
	if dev.Resource != "" {
		a.Device = &dev
	}
	if dev.ID != "" {
		a.Config = a.Config.WithDevice(dev.ID)
	}
	known := dev.ID != "" || d.salvage // which looks for what may have been there
	if dev.Resource != "" && known || a.Config.Declares(capabilityDeviceInfo) {
		file := fmt.Sprintf("%s@%s-%s-device.json", d.sandbox.ContainerID, d.sandbox.IfName, a.Interface)
		a.DeviceInfoFile = filepath.Join(cmp.Or(d.planner.DeviceInfo, DeviceInfoDir), "cni", file)
	}
}
