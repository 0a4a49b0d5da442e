package kube

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/multus-cni/multus/pkg/plan"
)

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

// Warn makes an event about a pod, once for a reason: a second one for the same pod is
// the same event.
func (c *Client) Warn(ctx context.Context, pod plan.Pod, reason, message string) error {
	e := newEvent(pod, message, time.Now())
	e.Reason, e.Type = reason, "Warning"
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(pod.UID + reason)) // it has no error
	e.Metadata.Name = eventName(pod.Name, hash.Sum64())
	_, f := c.do(ctx, request{verb: "create", resource: core("events"), ref: plan.Ref{Namespace: pod.Namespace}, body: e})
	if f == nil || f.status.Reason == metav1.StatusReasonAlreadyExists {
		return nil
	}
	return f.err
}
