package kube

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/multus-cni/multus/pkg/plan"
)

// Pod reads a pod's metadata. An error wraps plan.ErrNotFound or plan.ErrUnavailable.
func (c *Client) Pod(ctx context.Context, namespace, name string) (plan.Pod, error) {
	var meta metav1.PartialObjectMetadata
	err := c.ask(ctx, request{
		verb: "get", resource: core("pods"), accept: acceptMetadata, ref: plan.Ref{Namespace: namespace, Name: name},
	}, &meta)
	switch {
	case err == nil && meta.UID == "":
		return plan.Pod{}, unavailable("the answer is no pod: it has no UID")
	case err == nil:
		return podOf(meta), nil
	case errors.Is(err, plan.ErrNotFound), errors.Is(err, plan.ErrUnavailable):
		return plan.Pod{}, err
	}
	return plan.Pod{}, fmt.Errorf("%w: %w", plan.ErrUnavailable, err)
}

func podOf(meta metav1.PartialObjectMetadata) plan.Pod {
	return plan.Pod{Namespace: meta.Namespace, Name: meta.Name, UID: string(meta.UID), Annotations: meta.Annotations}
}
