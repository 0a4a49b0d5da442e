package kube

import (
	"context"
	"fmt"

	"github.com/multus-cni/multus/pkg/plan"
)

// networks are the older kubernetes.com/v1 Network objects. Their path is the
// same whether they are custom resources or third-party resources.
func networks() kind {
	return kind{
		root:     "/apis/kubernetes.com/v1",
		resource: "networks",
		crd:      "networks.kubernetes.com",
		decode:   decodeNetwork,
	}
}

// legacy reads Network objects as if they were NetworkAttachmentDefinitions.
type legacy struct {
	client *Client
}

// Legacy reads the older Network objects.
func (c *Client) Legacy() plan.Definitions { return legacy{c} }

// Definitions reads Network objects, each distinct one once and all at the same time.
func (l legacy) Definitions(ctx context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	return l.client.definitions(ctx, networks(), refs)
}

// decodeNetwork reads a Network object: the type of its plugin, and a string
// with the rest of that plugin's configuration.
func decodeNetwork(body []byte, ref plan.Ref) (plan.Definition, error) {
	doc, err := document(body, ref)
	if err != nil {
		return plan.Definition{}, err
	}
	resource, err := resourceOf(doc)
	if err != nil {
		return plan.Definition{}, err
	}
	plugin, err := doc.text("plugin")
	if err != nil {
		return plan.Definition{}, fmt.Errorf("plugin must be a string, the plugin's type: %w", err)
	}
	args, err := doc.text("args")
	if err != nil {
		return plan.Definition{}, fmt.Errorf("args must be a string that holds JSON: %w", err)
	}
	config, err := plan.LegacyConfig(plugin, args)
	if err != nil {
		return plan.Definition{}, err
	}
	return plan.Definition{Config: config, Resource: resource}, nil
}
