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

// allocation gives a pod's devices to its networks, one cursor a resource.
type allocation struct {
	given map[string][]string // what the pod has, in order
	taken map[string][]string // what its networks got of that
	none  string              // what to say where the pod has nothing of a resource
	guess bool                // nothing is known: devices are made up
}

// allocate finds a device for each attachment whose network names a resource: the
// one that the annotation names, else the next that the pod was given. Those
// that are named are taken first, so that none is given twice. The answer is in
// the order of what is wanted; an empty ID: no device.
func (d *draft) allocate(ctx context.Context, names []named) []Device {
	devices := make([]Device, len(d.wanted))
	for i, w := range d.wanted {
		devices[i] = Device{Resource: d.networks[w.source].resource, ID: w.selection.DeviceID}
	}
	if d.salvage || len(d.resources()) == 0 { // DEL asks no kubelet
		return devices
	}
	al, err := d.allocation(ctx)
	if err != nil {
		d.faults.Add(err)
		return devices
	}
	for _, dev := range devices {
		if dev.ID != "" && slices.Contains(al.given[dev.Resource], dev.ID) {
			al.taken[dev.Resource] = append(al.taken[dev.Resource], dev.ID)
		}
	}
	for i, w := range d.wanted {
		if !d.needsDevice(w) {
			continue
		}
		subject := fmt.Sprintf("network %s (%s)", d.networks[w.source].title, names[i].name)
		id, err := al.next(devices[i].Resource)
		switch {
		case err == nil:
			devices[i].ID = id
			if al.guess {
				d.warn(subject, fmt.Sprintf("a device of %s, known on the node alone; %q stands for it", fault.Quote(devices[i].Resource), id))
			}
		case errors.Is(err, errNoneGiven) && !d.networks[w.source].list.Declares(capabilityDevice):
			d.warn(subject, err.Error())
		default:
			d.faults.Addf("pod %s: %s: %w", d.pod, subject, err)
		}
	}
	return devices
}

// needsDevice tells whether an attachment's device has to be found.
func (d *draft) needsDevice(w wanted) bool {
	return !w.refused && w.selection.DeviceID == "" && d.networks[w.source].resource != ""
}

// resources are those of which a device has to be found, in order of use.
func (d *draft) resources() []string {
	var resources []string
	for _, w := range d.wanted {
		resource := d.networks[w.source].resource
		if d.needsDevice(w) && !slices.Contains(resources, resource) {
			resources = append(resources, resource)
		}
	}
	return resources
}

// allocation asks which devices the pod has.
func (d *draft) allocation(ctx context.Context) (allocation, error) {
	al := allocation{taken: map[string][]string{}, none: "the kubelet gave the pod no device of it"}
	switch {
	case d.pod.IsZero():
		al.none = "there is no pod that could have devices"
		return al, nil
	case d.planner.Devices == nil:
		al.guess = true
		return al, nil
	}
	given, err := d.planner.Devices.Devices(ctx, d.pod, d.resources())
	if errors.Is(err, ErrNotFound) {
		al.none = err.Error()
		return al, nil
	}
	if err != nil {
		return al, fmt.Errorf("devices of pod %s: %w", d.pod, err)
	}
	al.given = given
	if len(given) > 0 {
		al.none += fmt.Sprintf(", only of %s", fault.QuoteAll(slices.Sorted(maps.Keys(given))))
	}
	return al, nil
}

// errNoneGiven says that a pod has no device of a resource at all: the resource
// may be a mark for the scheduler alone.
var errNoneGiven = errors.New("no device")

// next is the next device of a resource.
func (al allocation) next(resource string) (string, error) {
	if al.guess {
		id := fmt.Sprintf("placeholder-%d", len(al.taken[resource])+1)
		al.taken[resource] = append(al.taken[resource], id)
		return id, nil
	}
	if len(al.given[resource]) == 0 {
		return "", fmt.Errorf("%w of resource %s: %s; if the network needs one, request it in resources.limits of a container", errNoneGiven, fault.Quote(resource), al.none)
	}
	for _, id := range al.given[resource] {
		if !slices.Contains(al.taken[resource], id) {
			al.taken[resource] = append(al.taken[resource], id)
			return id, nil
		}
	}
	return "", fmt.Errorf("no device of resource %s is left: the pod was given %d (%s), which its other networks have; request one more in resources.limits of a container",
		fault.Quote(resource), len(al.given[resource]), fault.QuoteAll(al.given[resource]))
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
