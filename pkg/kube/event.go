package kube

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// component is who events come from.
const component = "multus"

// Bounds of the API: of an event's message, and of any object's name.
const (
	maxMessage = 1024
	maxName    = 253
)

// event is a core/v1 Event, as far as Multus fills it in.
type event struct {
	APIVersion         string      `json:"apiVersion"`
	Kind               string      `json:"kind"`
	Metadata           eventMeta   `json:"metadata"`
	InvolvedObject     involved    `json:"involvedObject"`
	Reason             string      `json:"reason"`
	Message            string      `json:"message"`
	Type               string      `json:"type"`
	Source             eventSource `json:"source"`
	FirstTimestamp     string      `json:"firstTimestamp"`
	LastTimestamp      string      `json:"lastTimestamp"`
	Count              int         `json:"count"`
	ReportingComponent string      `json:"reportingComponent"`
}

type eventMeta struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

type involved struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	UID        string `json:"uid,omitempty"`
}

type eventSource struct {
	Component string `json:"component"`
}

// tell makes an event about the pod's interfaces, if it can.
func (c *Client) tell(ctx context.Context, pod plan.Pod, message string) {
	if segment("namespace", pod.Namespace) != nil || segment("name", pod.Name) != nil {
		return
	}
	body, err := json.Marshal(newEvent(pod, message, time.Now()))
	if err != nil {
		return
	}
	_, _ = c.do(ctx, call{ // a pod does not lack its networks for want of an event
		method: http.MethodPost, path: "/api/v1/namespaces/" + pod.Namespace + "/events", body: body,
		contentType: acceptJSON, needs: `"create" on "events"`,
	})
}

// newEvent is the event that tells of a pod's interfaces.
func newEvent(pod plan.Pod, message string, at time.Time) event {
	stamp := at.UTC().Format(time.RFC3339)
	return event{
		APIVersion: "v1", Kind: "Event",
		Metadata:       eventMeta{Name: eventName(pod.Name, at), Namespace: pod.Namespace},
		InvolvedObject: involved{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Reason:         "AddedInterfaces", Type: "Normal", Message: cutText(message, maxMessage),
		Source: eventSource{Component: component}, ReportingComponent: component,
		FirstTimestamp: stamp, LastTimestamp: stamp, Count: 1,
	}
}

// eventName is a name that no other event has: the pod's and the time.
func eventName(pod string, at time.Time) string {
	suffix := "." + strconv.FormatInt(at.UnixNano(), 16)
	if most := maxName - len(suffix); len(pod) > most {
		pod = strings.TrimRight(pod[:most], "-.")
	}
	return pod + suffix
}

// cutText is text within the limit, ended with … where it was longer.
func cutText(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:limit-len(mark)], "") + mark
}
