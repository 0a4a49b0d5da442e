package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/multus-cni/multus/pkg/plan"
)

// acceptMetadata asks for an object's metadata alone; a server that cannot do
// that answers with the whole object.
const acceptMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

// metadata is what Multus reads of an object's metadata.
type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	UID         string            `json:"uid"`
	Annotations map[string]string `json:"annotations"`
}

var errNotThePod = errors.New("the answer is not the pod that was asked for; is there a proxy between this node and the API server?")

// Pod reads a pod's metadata. An error wraps plan.ErrNotFound or plan.ErrUnavailable.
func (c *Client) Pod(ctx context.Context, namespace, name string) (plan.Pod, error) {
	at, err := path("/api/v1", plan.Ref{Namespace: namespace, Name: name}, "pods")
	if err != nil {
		return plan.Pod{}, fmt.Errorf("%w: %w", plan.ErrUnavailable, err)
	}
	body, f := c.do(ctx, call{
		method: http.MethodGet, path: at, accept: acceptMetadata,
		needs: `"get" on "pods"`, absent: c.notKubernetes("pods"),
	})
	if f != nil {
		return plan.Pod{}, podError(f.err)
	}
	var object struct {
		Metadata metadata `json:"metadata"`
	}
	if err := json.Unmarshal(body, &object); err != nil {
		return plan.Pod{}, unavailable("the answer is no pod: %w", err)
	}
	m := object.Metadata
	if m.Name != name || m.Namespace != namespace || m.UID == "" {
		return plan.Pod{}, fmt.Errorf("%w: %w", plan.ErrUnavailable, errNotThePod)
	}
	return plan.Pod{Namespace: m.Namespace, Name: m.Name, UID: m.UID, Annotations: m.Annotations}, nil
}

// podError makes sure that an error is of one of the kinds that Pod's have.
func podError(err error) error {
	if errors.Is(err, plan.ErrNotFound) || errors.Is(err, plan.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", plan.ErrUnavailable, err)
}

// notKubernetes is what it means that a server does not know a kind that every
// API server knows. A pod cannot be said to be gone on its word.
func (c *Client) notKubernetes(what string) error {
	return unavailable("what answers knows no %s; is the server in kubeconfig %s a Kubernetes API server?", what, c.kubeconfig)
}
