package kube

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/multus-cni/multus/pkg/plan"
)

// maxInFlight is how many definitions are asked for at one time.
const maxInFlight = 32

// definer is an object that defines a network.
type definer interface {
	definition() (plan.Definition, error)
}

// attachmentDefinition is a NetworkAttachmentDefinition (multi-network
// specification, section 3).
type attachmentDefinition struct {
	metav1.PartialObjectMetadata
	Spec struct {
		Config string `json:"config"`
	} `json:"spec"`
}

func (d *attachmentDefinition) definition() (plan.Definition, error) {
	return plan.Definition{Config: d.Spec.Config, Resource: d.Annotations[plan.ResourceKey]}, nil
}

// Definitions reads the objects of a kind that define networks, each distinct one once
// and all at the same time.
func (c *Client) Definitions(ctx context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	return collect(refs, func(ref plan.Ref) (plan.Definition, error) {
		if kind == plan.KindNetwork {
			return c.definition(ctx, request{verb: "get", resource: networks(), ref: ref}, &network{})
		}
		return c.definition(ctx, request{verb: "get", resource: attachmentDefinitions(), ref: ref}, &attachmentDefinition{})
	})
}

func attachmentDefinitions() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "k8s.cni.cncf.io", Version: "v1", Resource: "network-attachment-definitions"}
}

// definition reads one object that defines a network.
func (c *Client) definition(ctx context.Context, q request, into definer) (plan.Definition, error) {
	if err := c.ask(ctx, q, into); err != nil {
		return plan.Definition{}, err
	}
	return into.definition()
}

// collect reads what the references name, each distinct one once.
func collect(refs []plan.Ref, read func(plan.Ref) (plan.Definition, error)) map[plan.Ref]plan.Answer {
	var (
		mu      sync.Mutex
		size    int
		group   sync.WaitGroup
		free    = make(chan struct{}, maxInFlight)
		answers = make(map[plan.Ref]plan.Answer, len(refs))
	)
	for ref := range sets.New(refs...) {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			d, err := read(ref)
			mu.Lock()
			defer mu.Unlock()
			// What no plan may hold together is not held here either.
			if size += len(d.Config); size > plan.MaxConfigurations {
				d, err = plan.Definition{}, fmt.Errorf("the configurations of the pod's networks have %w", plan.ErrTooMuch)
			}
			answers[ref] = plan.Answer{Definition: d, Err: err}
		})
	}
	group.Wait()
	return answers
}
