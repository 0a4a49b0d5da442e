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

// readPods are the devices of the pod by the answer to Get, which has one
// PodResources, or to List. One resource may have several entries in a container, one
// for each NUMA node.
func readPods(answer rpc.Message, pod plan.Pod) (devices, error) {
	found, times := devices{}, 0
	pods, err := answer.Messages(1)
	for _, p := range pods {
		if p.Text(1) != pod.Name || p.Text(2) != pod.Namespace {
			continue
		}
		given, err := p.Messages(3, 2) // the ContainerDevices of each ContainerResources
		if err != nil {
			return nil, err
		}
		found, times = devices{}, times+1
		for _, d := range given {
			found.add(d.Text(1), d[2]...)
		}
	}
	if times > 1 {
		// One was deleted and is on its way out; whose is whose nobody says.
		return nil, rpc.StatusError{Code: rpc.Unavailable, Message: fmt.Sprintf("it lists %d pods of the name %s", times, pod)}
	}
	return found, err
}
