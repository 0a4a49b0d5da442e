package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
)

// allot gives a device to each attachment whose network needs one: the one that
// the annotation names, else the next that the kubelet gave the pod. Those that
// are named are taken first, so that none is given twice. The answer is in the
// order of what is wanted; empty: no device.
func (d *draft) allot(ctx context.Context, names []named) []string {
	ids := make([]string, len(d.wanted))
	needed := false
	for i, w := range d.wanted {
		ids[i] = w.selection.DeviceID
		needed = needed || d.needsDevice(w)
	}
	if !needed {
		return ids
	}
	free, err := d.devices(ctx)
	if err != nil {
		d.faults.Add(err)
		return ids
	}
	for _, w := range d.wanted {
		drop(free, d.networks[w.source].resource, w.selection.DeviceID)
	}
	given := make(map[string]int)
	for i, w := range d.wanted {
		if !d.needsDevice(w) {
			continue
		}
		resource := d.networks[w.source].resource
		if len(free[resource]) == 0 {
			d.faults.Addf("network %s (%s): no device of resource %s is left: the kubelet gave the pod %d for the networks before this one; request one more in the pod's resources.limits",
				d.networks[w.source].title, names[i].name, fault.Quote(resource), given[resource])
			continue
		}
		ids[i] = free[resource][0]
		free[resource] = free[resource][1:]
		given[resource]++
	}
	return ids
}

// needsDevice tells whether the kubelet is to be asked for an attachment's device.
func (d *draft) needsDevice(w wanted) bool {
	return !w.refused && w.selection.DeviceID == "" && d.networks[w.source].resource != ""
}

// devices asks which devices the pod has; the answer is the caller's to change.
func (d *draft) devices(ctx context.Context) (map[string][]string, error) {
	if d.planner.Devices == nil || d.pod.IsZero() {
		return nil, errors.New(d.needy() + ": the pod's devices are needed, and there is no kubelet, or no pod, to ask about")
	}
	found, err := d.planner.Devices.Devices(ctx, d.pod)
	if err != nil {
		return nil, fmt.Errorf("devices of pod %s: %w", d.pod, err)
	}
	free := make(map[string][]string, len(found))
	for resource, ids := range found {
		free[resource] = slices.Clone(ids)
	}
	return free, nil
}

// needy names the networks that need a device, and of which resource.
func (d *draft) needy() string {
	var needy []string
	seen := make(map[source]bool)
	for _, w := range d.wanted {
		if d.needsDevice(w) && !seen[w.source] {
			seen[w.source] = true
			n := d.networks[w.source]
			needy = append(needy, fmt.Sprintf("network %s (resource %s)", n.title, fault.Quote(n.resource)))
		}
	}
	return strings.Join(needy, ", ")
}

// drop takes one device out of those that are free.
func drop(free map[string][]string, resource, id string) {
	if i := slices.Index(free[resource], id); i >= 0 {
		free[resource] = slices.Delete(free[resource], i, i+1)
	}
}
