package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rpc"
)

const (
	socketPath = "pod-resources/kubelet.sock"
	// patience is how long the kubelet has in all, retries included.
	patience = 10 * time.Second
	// The pauses between retries grow from the first to the longest.
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// listed are the pod's devices as the kubelet says. A kubelet that restarts, or
// has been asked too often, is asked again.
func (n Node) listed(ctx context.Context, pod plan.Pod) (devices, error) {
	path := filepath.Join(n.Root, socketPath)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn := rpc.Dial(path)
	defer conn.Close()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		found, err := ask(limited, conn, pod)
		if err == nil || absent(err) {
			return found, err
		}
		if passing(err) {
			select {
			case <-time.After(pause):
				continue
			case <-limited.Done():
			}
		}
		return nil, fault.Fault{
			What: fmt.Sprintf("kubelet at %s: %s", path, fault.Clip(err.Error(), 512)),
			Cure: "see the kubelet's log; the pod is tried again",
			Err:  plan.ErrUnavailable,
		}
	}
}

// passing tells that a try may fail where the next one does not.
func passing(err error) bool {
	var refused rpc.StatusError
	if errors.As(err, &refused) {
		return refused.Code == rpc.ResourceExhausted || refused.Code == rpc.Unavailable
	}
	broken := []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF}
	return slices.ContainsFunc(broken, func(kind error) bool { return errors.Is(err, kind) })
}

// ask asks for the one pod, or, where the kubelet cannot do that, for all.
func ask(ctx context.Context, c rpc.Conn, pod plan.Pod) (devices, error) {
	answer, err := c.Call(ctx, "/v1.PodResourcesLister/Get", getRequest(pod))
	var refused rpc.StatusError
	switch {
	case err == nil:
		return readPods(answer, pod)
	case !errors.As(err, &refused), passing(err):
		return nil, err
	}
	// It is too old for Get, has it turned off, or knows no such pod.
	if answer, err = c.Call(ctx, "/v1.PodResourcesLister/List", nil); err != nil {
		return nil, err
	}
	return readPods(answer, pod)
}

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
