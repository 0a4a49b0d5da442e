package kube

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// component is who events come from.
const component = "multus"

// Bounds of the API: of an event's message, and of the part of its name that is a pod's.
const (
	maxMessage = 1024
	maxName    = 253 - len(".0123456789abcdef")
)

// event is a core/v1 Event, as far as Multus fills it in.
type event struct {
	metav1.TypeMeta
	Metadata           metadata    `json:"metadata"`
	InvolvedObject     objectRef   `json:"involvedObject"`
	Reason             string      `json:"reason"`
	Message            string      `json:"message"`
	Type               string      `json:"type"`
	Source             eventSource `json:"source"`
	FirstTimestamp     metav1.Time `json:"firstTimestamp"`
	LastTimestamp      metav1.Time `json:"lastTimestamp"`
	Count              int         `json:"count"`
	ReportingComponent string      `json:"reportingComponent"`
}

// objectRef names an object.
type objectRef struct {
	metav1.TypeMeta
	Namespace string    `json:"namespace,omitempty"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid,omitempty"`
}

type eventSource struct {
	Component string `json:"component"`
}

// tell makes an event about the pod's interfaces, if it can: a pod does not lack
// its networks because an event is missing. It is tried twice at most: where each try
// breaks the connection, the status is on the same one.
func (c *Client) tell(ctx context.Context, pod plan.Pod, message string) {
	_, _ = c.do(ctx, request{
		tries: 2, verb: "create", resource: core("events"), ref: plan.Ref{Namespace: pod.Namespace}, body: newEvent(pod, message, time.Now()),
	})
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

// newEvent is the event that tells of a pod's interfaces.
func newEvent(pod plan.Pod, message string, at time.Time) event {
	stamp := metav1.NewTime(at)
	return event{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		Metadata: metadata{Name: eventName(pod.Name, uint64(at.UnixNano())), Namespace: pod.Namespace},
		InvolvedObject: objectRef{
			TypeMeta:  metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			Namespace: pod.Namespace, Name: pod.Name, UID: types.UID(pod.UID),
		},
		Reason: "AddedInterfaces", Type: "Normal", Message: fault.Clip(strings.ToValidUTF8(message, "\uFFFD"), maxMessage),
		Source: eventSource{Component: component}, ReportingComponent: component,
		FirstTimestamp: stamp, LastTimestamp: stamp, Count: 1,
	}
}

// eventName is the name of an event about a pod.
func eventName(pod string, unique uint64) string {
	return fmt.Sprintf("%s.%x", strings.TrimRight(pod[:min(len(pod), maxName)], "-."), unique)
}
