package kube

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RemoveTaint takes all taints of a key from a node, and tells whether there were any.
// Others' taints stay as they are, whoever changes them meanwhile.
func (c *Client) RemoveTaint(ctx context.Context, nodeName, key string) (removed bool, err error) {
	var node struct {
		metav1.PartialObjectMetadata
		Spec struct {
			Taints []map[string]any `json:"taints"`
		} `json:"spec"`
	}
	if err := c.ask(ctx, nodeRequest("get", nodeName), &node); err != nil {
		return false, err
	}
	rest := slices.DeleteFunc(slices.Clone(node.Spec.Taints), func(taint map[string]any) bool { return taint["key"] == key })
	if len(rest) == len(node.Spec.Taints) {
		return false, nil
	}
	type op struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	q := nodeRequest("patch", nodeName)
	q.accept, q.contentType = acceptMetadata, "application/json-patch+json"
	q.body = []op{{"test", "/metadata/resourceVersion", node.ResourceVersion}, {"replace", "/spec/taints", rest}}
	if _, f := c.do(ctx, q); f != nil {
		return false, f.err
	}
	return true, nil
}
