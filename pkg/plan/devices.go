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

// handout gives a pod's devices to its networks, one cursor a resource.
type handout struct {
	given map[string][]string // what the pod has, in order
	taken map[string][]string // what its networks got of that
	none  string              // what to say where the pod has nothing of a resource
	guess bool                // nothing is known: devices are made up
}

// allot finds a device for each attachment whose network names a resource: the
// one that the annotation names, else the next that the pod was given. Those
// that are named are taken first, so that none is given twice. The answer is in
// the order of what is wanted; an empty ID: no device.
func (d *draft) allot(ctx context.Context, names []named) []Device {
	devices := make([]Device, len(d.wanted))
	for i, w := range d.wanted {
		devices[i] = Device{Resource: d.networks[w.source].resource, ID: w.selection.DeviceID}
	}
	if d.salvage || len(d.resources()) == 0 { // DEL asks no kubelet
		return devices
	}
	h, err := d.handout(ctx)
	if err != nil {
		d.faults.Add(err)
		return devices
	}
	for _, dev := range devices {
		if dev.ID != "" && slices.Contains(h.given[dev.Resource], dev.ID) {
			h.taken[dev.Resource] = append(h.taken[dev.Resource], dev.ID)
		}
	}
	for i, w := range d.wanted {
		if !d.needsDevice(w) {
			continue
		}
		subject := fmt.Sprintf("network %s (%s)", d.networks[w.source].title, names[i].name)
		id, err := h.next(devices[i].Resource)
		switch {
		case err == nil:
			devices[i].ID = id
			if h.guess {
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

// handout asks which devices the pod has.
func (d *draft) handout(ctx context.Context) (handout, error) {
	h := handout{taken: map[string][]string{}, none: "the kubelet gave the pod no device of it"}
	switch {
	case d.pod.IsZero():
		h.none = "there is no pod that could have devices"
		return h, nil
	case d.planner.Devices == nil:
		h.guess = true
		return h, nil
	}
	given, err := d.planner.Devices.Devices(ctx, d.pod, d.resources())
	if errors.Is(err, ErrNotFound) {
		h.none = err.Error()
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("devices of pod %s: %w", d.pod, err)
	}
	h.given = given
	if len(given) > 0 {
		h.none += fmt.Sprintf(", only of %s", fault.QuoteAll(slices.Sorted(maps.Keys(given))))
	}
	return h, nil
}

// errNoneGiven says that a pod has no device of a resource at all: the resource
// may be a mark for the scheduler alone.
var errNoneGiven = errors.New("no device")

// next is the next device of a resource.
func (h handout) next(resource string) (string, error) {
	if h.guess {
		id := fmt.Sprintf("placeholder-%d", len(h.taken[resource])+1)
		h.taken[resource] = append(h.taken[resource], id)
		return id, nil
	}
	if len(h.given[resource]) == 0 {
		return "", fmt.Errorf("%w of resource %s: %s; if the network needs one, request it in resources.limits of a container", errNoneGiven, fault.Quote(resource), h.none)
	}
	for _, id := range h.given[resource] {
		if !slices.Contains(h.taken[resource], id) {
			h.taken[resource] = append(h.taken[resource], id)
			return id, nil
		}
	}
	return "", fmt.Errorf("no device of resource %s is left: the pod was given %d (%s), which its other networks have; request one more in resources.limits of a container",
		fault.Quote(resource), len(h.given[resource]), fault.QuoteAll(h.given[resource]))
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
