package multus

import (
	"context"
	"errors"
	"fmt"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// pod learns the pod of the sandbox and its annotations: from the runtime where
// it hands them over, else from the API server, where there is one.
func (p Plugin) pod(ctx context.Context, sb plan.Sandbox) (plan.Pod, error) {
	named := sb.Pod()
	if named.IsZero() {
		return plan.Pod{}, nil
	}
	if name.Object(named.Namespace) != nil || name.Object(named.Name) != nil {
		return plan.Pod{}, coded(types.ErrInvalidEnvironmentVariables,
			fmt.Errorf("CNI_ARGS: K8S_POD_NAMESPACE %q and K8S_POD_NAME %q: names of Kubernetes objects are expected", named.Namespace, named.Name))
	}
	if annotations := p.Planner.Conf.PodAnnotations; annotations != nil {
		named.Annotations = annotations
		return named, nil
	}
	if p.Cluster == nil {
		return named, nil
	}
	return p.fetchPod(ctx, named)
}

// fetchPod gets the pod from the API server and makes sure that it is the one whose
// sandbox it is: a pod deleted and created anew under its name is another pod.
func (p Plugin) fetchPod(ctx context.Context, named plan.Pod) (plan.Pod, error) {
	pod, err := p.Cluster.Pod(ctx, named.Namespace, named.Name)
	switch {
	case errors.Is(err, plan.ErrNotFound):
		return plan.Pod{}, coded(types.ErrTryAgainLater, fmt.Errorf("pod %s does not exist: %w", named, err))
	case err != nil:
		return plan.Pod{}, coded(types.ErrTryAgainLater, fmt.Errorf("pod %s: %w", named, err))
	case pod.Static() && named.UID != "":
		pod.UID = named.UID
	case named.UID != "" && pod.UID != named.UID:
		return plan.Pod{}, coded(types.ErrTryAgainLater,
			fmt.Errorf("pod %s: another pod has that name by now: its UID is %s, the sandbox is for %s", named, pod.UID, named.UID))
	}
	return pod, nil
}
