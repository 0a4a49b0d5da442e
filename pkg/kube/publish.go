package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// networkStatus is the annotation of the multi-network specification, section 5.
const networkStatus = "k8s.v1.cni.cncf.io/network-status"

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
		wait(told, eventAlone)
		return nil
	}
	if err := c.patchStatus(ctx, pod, status); err != nil {
		return err
	}
	wait(told, eventGrace)
	return nil
}

// wait waits until done is closed, at most for the time.
func wait(done <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// statusPatch is the merge patch of a pod's annotation.
type statusPatch struct {
	Metadata struct {
		UID         string            `json:"uid,omitempty"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
}

// patchStatus writes the annotation through the status subresource, which nodes
// may write. Only for the pod of that UID: the network status of one that had
// the same name would be a lie. The API's mirror of a static pod has another
// UID, so that there is no telling.
func (c *Client) patchStatus(ctx context.Context, pod plan.Pod, status []byte) error {
	at, err := path("/api/v1", plan.Ref{Namespace: pod.Namespace, Name: pod.Name}, "pods")
	if err != nil {
		return err
	}
	var patch statusPatch
	if !pod.Static() {
		patch.Metadata.UID = pod.UID
	}
	patch.Metadata.Annotations = map[string]string{networkStatus: string(status)}
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	q := call{
		method: http.MethodPatch, path: at + "/status", body: body,
		accept: acceptMetadata, contentType: "application/merge-patch+json",
		needs: `"patch" on "pods/status"`, absent: c.notKubernetes("pods"),
		retry: func(f *fault) bool { return f.code == http.StatusConflict && !f.otherPod() },
	}
	_, f := c.do(ctx, q)
	switch {
	case f == nil:
		return nil
	case f.otherPod():
		return fmt.Errorf("%w: another pod has that name by now: %s", plan.ErrNotFound, f.status.Message)
	}
	return f.err
}

// otherPod tells whether a write was refused because the pod has another UID.
// The server says so either as a failed precondition, which no field of the
// Status tells from a write that came between, or as a field that cannot change.
func (f *fault) otherPod() bool {
	switch f.code {
	case http.StatusConflict:
		return f.status.Reason == "Conflict" &&
			(strings.Contains(f.status.Message, "UID") || strings.Contains(f.status.Message, "Precondition failed"))
	case http.StatusUnprocessableEntity:
		for _, cause := range f.status.Details.Causes {
			if cause.Field == "metadata.uid" {
				return true
			}
		}
	}
	return false
}
