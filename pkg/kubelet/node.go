package kubelet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// Node finds the devices of the pods of this node.
type Node struct {
	Root   string // the kubelet's --root-dir
	Claims Claims // nil: there is no API server
}

// Claims finds the devices of a pod's resource claims. The real one is kube.Client.
type Claims interface {
	ClaimedDevices(ctx context.Context, pod plan.Pod) (map[string][]string, error)
}

// maxID bounds a device ID, in bytes; it becomes part of a file's name.
const maxID = 200

// Devices are the pod's devices by resource, in the order in which they are to be
// handed out: container by container as the pod has them, and within one as the
// kubelet says; each once, though init containers leave theirs to the others.
// plan.ErrNotFound: there is no kubelet to ask.
func (n Node) Devices(ctx context.Context, pod plan.Pod, resources []string) (map[string][]string, error) {
	found, none := n.plugged(ctx, pod)
	if none != nil && !errors.Is(none, plan.ErrNotFound) {
		return nil, none
	}
	missing := func(resource string) bool { return len(found[resource]) == 0 }
	if n.Claims != nil && slices.ContainsFunc(resources, missing) {
		claimed, err := n.Claims.ClaimedDevices(ctx, pod)
		if err != nil { // also of objects that are not there any more
			return nil, fault.Fault{What: "its resource claims: " + err.Error(), Err: plan.ErrUnavailable}
		}
		found = merge(found, claimed)
	}
	if len(found) == 0 && none != nil {
		return nil, none
	}
	return found, found.check()
}

// plugged are the devices of device plugins.
func (n Node) plugged(ctx context.Context, pod plan.Pod) (devices, error) {
	found, noAnswer := n.listed(ctx, pod)
	if noAnswer != nil && !absent(noAnswer) {
		return nil, noAnswer
	}
	// The kubelet lists no init containers that end. What it gave them is in its
	// checkpoint; without one, the rest is no less true.
	recorded, err := n.recorded(pod)
	switch {
	case noAnswer == nil || err == nil:
		return merge(found, recorded), nil
	case absent(err):
		return nil, fault.Fault{
			What: "no kubelet's " + socketPath + " or " + checkpointPath + " below " + n.Root,
			Cure: "set kubeletRoot in the configuration to the kubelet's --root-dir",
			Err:  plan.ErrNotFound,
		}
	}
	return nil, err
}

// devices are IDs by resource.
type devices map[string][]string

// add appends those that are not there yet.
func (d devices) add(resource string, ids ...string) {
	for _, id := range ids {
		if !slices.Contains(d[resource], id) {
			d[resource] = append(d[resource], id)
		}
	}
}

// merge are the devices of both, those of the first before those of the second.
func merge(first, second devices) devices {
	both := devices{}
	for _, some := range []devices{first, second} {
		for resource, ids := range some {
			both.add(resource, ids...)
		}
	}
	return both
}

// check refuses IDs that could not be handed over.
func (d devices) check() error {
	for resource, ids := range d {
		for _, id := range ids {
			if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
				return fmt.Errorf("resource %s: device ID %s: 1 to %d printable characters are expected; the device plugin that made it has to be corrected",
					fault.Quote(resource), fault.Quote(id), maxID)
			}
		}
	}
	return nil
}
