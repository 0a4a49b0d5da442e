package kube

import (
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
	return plan.Definition{Config: config, Resource: n.Annotations[plan.ResourceKey]}, err
}

// networks are the Network objects. Their path is the same whether they are custom
// resources or third-party resources.
func networks() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "kubernetes.com", Version: "v1", Resource: "networks"}
}
