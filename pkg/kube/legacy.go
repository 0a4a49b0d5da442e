package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/multus-cni/multus/pkg/plan"
)

// network is an older kubernetes.com/v1 Network object: the type of its plugin,
// and a string with the rest of that plugin's configuration.
type network struct {
	metav1.PartialObjectMetadata
	Plugin string `json:"plugin"`
	Args   string `json:"args"`
}

func (n *network) definition() (plan.Definition, error) {
	config, err := plan.LegacyConfig(n.Plugin, n.Args)
	return plan.Definition{Config: config, Resource: n.Annotations[resourceName]}, err
}

// legacy reads Network objects as if they were NetworkAttachmentDefinitions.
type legacy struct {
	client *Client
}

// Legacy reads the older Network objects.
func (c *Client) Legacy() plan.Definitions { return legacy{c} }

// Definitions reads Network objects, each distinct one once and all at the same
// time. Their path is the same whether they are custom resources or third-party resources.
func (l legacy) Definitions(ctx context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	r := schema.GroupVersionResource{Group: "kubernetes.com", Version: "v1", Resource: "networks"}
	return collect(refs, func(ref plan.Ref) (plan.Definition, error) {
		return l.client.definition(ctx, request{verb: "get", resource: r, ref: ref}, &network{})
	})
}
