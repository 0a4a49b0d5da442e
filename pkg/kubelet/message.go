package kubelet

import (
	"fmt"

	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rpc"
)

// Messages of the pod-resources API (k8s.io/kubelet,
// pkg/apis/podresources/v1/api.proto).

// getRequest is a GetPodResourcesRequest.
func getRequest(pod plan.Pod) []byte {
	return rpc.AppendField(rpc.AppendField(nil, 1, pod.Name), 2, pod.Namespace)
}

// readPods reads the answer to Get, which has one PodResources, or to List, and
// returns the devices of the pod.
func readPods(answer []byte, pod plan.Pod) (devices, error) {
	found, times := devices{}, 0
	err := rpc.Fields(answer, func(field uint64, value []byte) error {
		if field != 1 {
			return nil
		}
		p, err := readPod(value)
		if err == nil && p.namespace == pod.Namespace && p.name == pod.Name {
			found, times = p.devices, times+1
		}
		return err
	})
	if times > 1 {
		// One was deleted and is on its way out; whose is whose nobody says.
		return nil, rpc.StatusError{Code: rpc.Unavailable, Message: fmt.Sprintf("it lists %d pods of the name %s", times, pod)}
	}
	return found, err
}

// podResources is a PodResources.
type podResources struct {
	name, namespace string
	devices         devices
}

func readPod(data []byte) (podResources, error) {
	p := podResources{devices: devices{}}
	err := rpc.Fields(data, func(field uint64, value []byte) error {
		switch field {
		case 1:
			p.name = string(value)
		case 2:
			p.namespace = string(value)
		case 3:
			return p.readContainer(value)
		}
		return nil
	})
	return p, err
}

// readContainer reads a ContainerResources. One resource may have several
// entries, one for each NUMA node.
func (p podResources) readContainer(data []byte) error {
	return rpc.Fields(data, func(field uint64, value []byte) error {
		if field != 2 {
			return nil
		}
		resource, ids, err := readDevices(value)
		p.devices.add(resource, ids...)
		return err
	})
}

// readDevices reads a ContainerDevices.
func readDevices(data []byte) (resource string, ids []string, err error) {
	err = rpc.Fields(data, func(field uint64, value []byte) error {
		switch field {
		case 1:
			resource = string(value)
		case 2:
			ids = append(ids, string(value))
		}
		return nil
	})
	return resource, ids, err
}
