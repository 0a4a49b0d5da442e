package kube

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/multus-cni/multus/pkg/plan"
)

// How long ADD waits for an event: hardly any longer than for the status that
// is written beside it, and little where nothing is.
const (
	eventGrace = 20 * time.Millisecond
	eventAlone = 100 * time.Millisecond
)

// Publish writes the network-status annotation, none where status is nil, and at
// the same time an event, none where event is empty. The event is a courtesy:
// nobody waits for it, and nobody hears when it cannot be made. A pod that is
// gone, or is another one of the same name by now, is plan.ErrNotFound.
func (c *Client) Publish(ctx context.Context, pod plan.Pod, status []byte, event string) error {
	beside, stop := context.WithCancel(ctx)
	defer stop()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if event != "" {
			c.tell(beside, pod, event)
		}
	}()
	if status == nil {
		await(told, eventAlone)
		return nil
	}
	if err := c.patchStatus(ctx, pod, status); err != nil {
		return err
	}
	await(told, eventGrace)
	return nil
}

// await waits until done is closed, at most for the time.
func await(done <-chan struct{}, most time.Duration) {
	select {
	case <-done:
	case <-time.After(most):
	}
}

// patchStatus writes the annotation through the status subresource, which nodes
// may write. Only for the pod of that UID: the network status of one that had
// the same name would be a lie. The API's mirror of a static pod has another
// UID, so that there is no telling.
func (c *Client) patchStatus(ctx context.Context, pod plan.Pod, status []byte) error {
	var patch struct {
		Metadata metadata `json:"metadata"`
	}
	if !pod.Static() {
		patch.Metadata.UID = types.UID(pod.UID)
	}
	patch.Metadata.Annotations = map[string]string{plan.NetworkStatusKey: string(status)}
	_, f := c.do(ctx, request{
		verb: "patch", resource: core("pods"), subresource: "status", ref: plan.Ref{Namespace: pod.Namespace, Name: pod.Name},
		accept: acceptMetadata, contentType: "application/merge-patch+json", body: patch,
		retry: func(f *failure) bool { return f.status.Code == http.StatusConflict && !f.otherPod() },
	})
	switch {
	case f == nil:
		return nil
	case f.otherPod():
		return fmt.Errorf("%w: another pod has that name by now: %s", plan.ErrNotFound, f.status.Message)
	}
	return f.err
}

// metadata is of metav1.ObjectMeta what Multus writes: what encoding/json learns about
// all of that before it writes the first byte takes 0.1 ms.
type metadata struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	UID         types.UID         `json:"uid,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// otherPod tells whether a write was refused because the pod has another UID.
// The server says so either as a failed precondition, which no field of the
// Status tells from a write that came between, or as a field that cannot change.
func (f *failure) otherPod() bool {
	switch f.status.Code {
	case http.StatusConflict:
		return f.status.Reason == metav1.StatusReasonConflict &&
			(strings.Contains(f.status.Message, "UID") || strings.Contains(f.status.Message, "Precondition failed"))
	case http.StatusUnprocessableEntity:
		return slices.ContainsFunc(f.status.Details.Causes, func(cause metav1.StatusCause) bool {
			return cause.Field == "metadata.uid"
		})
	}
	return false
}
