package kubelet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/multus-cni/multus/pkg/plan"
)

// Messages of the pod-resources API, as protocol buffers (k8s.io/kubelet,
// pkg/apis/podresources/v1/api.proto): of a few fields, so that no start of the
// plugin pays for the tables of the generated code.

var errMessage = errors.New("no valid protocol buffers message")

// Kinds of values on the wire.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// getRequest is a GetPodResourcesRequest.
func getRequest(pod plan.Pod) []byte {
	return appendText(appendText(nil, 1, pod.Name), 2, pod.Namespace)
}

func appendText(data []byte, field uint64, text string) []byte {
	data = binary.AppendUvarint(data, field<<3|wireBytes)
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

// readPods reads the answer to Get, which has one PodResources, or to List, and
// returns the devices of the pod.
func readPods(answer []byte, pod plan.Pod) (devices, error) {
	found, times := devices{}, 0
	err := fields(answer, func(field uint64, value []byte) error {
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
		return nil, statusError{codeUnavailable, fmt.Sprintf("it lists %d pods of the name %s", times, pod)}
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
	err := fields(data, func(field uint64, value []byte) error {
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
	return fields(data, func(field uint64, value []byte) error {
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
	err = fields(data, func(field uint64, value []byte) error {
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

// fields calls do for every field of a message that has bytes: text and messages.
// It passes over numbers.
func fields(data []byte, do func(field uint64, value []byte) error) error {
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return errMessage
		}
		value, rest, err := cut(data[n:], tag&7)
		if err != nil {
			return err
		}
		if tag&7 == wireBytes {
			if err := do(tag>>3, value); err != nil {
				return err
			}
		}
		data = rest
	}
	return nil
}

// cut takes the first value off data.
func cut(data []byte, kind uint64) (value, rest []byte, err error) {
	size, n := uint64(0), 0
	switch kind {
	case wireVarint:
		if _, n = binary.Uvarint(data); n <= 0 {
			return nil, nil, errMessage
		}
	case wireBytes:
		if size, n = binary.Uvarint(data); n <= 0 {
			return nil, nil, errMessage
		}
	case wireFixed8:
		size = 8
	case wireFixed4:
		size = 4
	default:
		return nil, nil, errMessage
	}
	data = data[n:]
	if size > uint64(len(data)) {
		return nil, nil, errMessage
	}
	return data[:size], data[size:], nil
}
