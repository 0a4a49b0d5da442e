package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

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

// Pods lists the pods of a namespace; of all of them where it is empty.
func (c *Client) Pods(ctx context.Context, namespace string) ([]plan.Pod, error) {
	const several = 500 // of their metadata alone
	found, err := list[metav1.PartialObjectMetadata](ctx, c, request{
		resource: core("pods"), ref: plan.Ref{Namespace: namespace},
		accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
	}, several)
	var pods []plan.Pod
	for _, p := range found {
		pods = append(pods, podOf(p))
	}
	return pods, err
}

func podOf(meta metav1.PartialObjectMetadata) plan.Pod {
	return plan.Pod{Namespace: meta.Namespace, Name: meta.Name, UID: string(meta.UID), Annotations: meta.Annotations}
}

// HostedPod is a pod of a node as the API server knows it.
type HostedPod struct {
	plan.Pod
	ResourceVersion string
	// Since is when the kubelet took it up.
	Since time.Time
	// Attached tells that its sandbox has been given a network of its own.
	Attached bool
	// Controlled tells that a controller makes another one should it go.
	Controlled bool
}

// Hosted are the pods of a node.
func (c *Client) Hosted(ctx context.Context, node string) ([]HostedPod, error) {
	type hostedPod struct {
		metav1.PartialObjectMetadata
		Spec struct {
			HostNetwork bool `json:"hostNetwork"`
		} `json:"spec"`
		Status struct {
			Phase     string      `json:"phase"`
			PodIP     string      `json:"podIP"`
			StartTime metav1.Time `json:"startTime"`
		} `json:"status"`
	}
	query := url.Values{"fieldSelector": {"spec.nodeName=" + node}}
	found, err := list[hostedPod](ctx, c, request{resource: core("pods"), query: query}, pageSize)
	var pods []HostedPod
	for _, p := range found {
		pods = append(pods, HostedPod{
			Pod:             podOf(p.PartialObjectMetadata),
			ResourceVersion: p.ResourceVersion, Since: p.Status.StartTime.Time,
			Attached: !p.Spec.HostNetwork && p.DeletionTimestamp == nil && p.Status.PodIP != "" &&
				(p.Status.Phase == "Running" || p.Status.Phase == "Pending"),
			Controlled: metav1.GetControllerOfNoCopy(&p) != nil,
		})
	}
	return pods, err
}

// DeletePod deletes a pod as it was read. One that has changed or gone since is
// plan.ErrNotFound.
func (c *Client) DeletePod(ctx context.Context, pod HostedPod) error {
	uid := types.UID(pod.UID)
	_, f := c.do(ctx, request{
		verb: "delete", resource: core("pods"), ref: plan.Ref{Namespace: pod.Namespace, Name: pod.Name}, accept: acceptMetadata,
		body: metav1.DeleteOptions{
			TypeMeta:      metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
			Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &pod.ResourceVersion},
		},
	})
	switch {
	case f == nil:
		return nil
	case f.status.Code == http.StatusConflict:
		return fmt.Errorf("%w: changed meanwhile: %s", plan.ErrNotFound, f.status.Message)
	}
	return f.err
}
