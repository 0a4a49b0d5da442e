package kube

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/multus-cni/multus/pkg/plan"
)

// maxInFlight is how many definitions are asked for at one time.
const maxInFlight = 32

// kind is a kind of object that defines networks.
type kind struct {
	root     string // its API group's path
	resource string
	crd      string // the name of its CustomResourceDefinition
	decode   func(body []byte, ref plan.Ref) (plan.Definition, error)
}

// attachmentDefinitions are the NetworkAttachmentDefinitions of the
// multi-network specification, section 3.
func attachmentDefinitions() kind {
	return kind{
		root:     "/apis/k8s.cni.cncf.io/v1",
		resource: "network-attachment-definitions",
		crd:      "network-attachment-definitions.k8s.cni.cncf.io",
		decode:   decodeDefinition,
	}
}

// Definitions reads NetworkAttachmentDefinitions, each distinct one once and all
// at the same time.
func (c *Client) Definitions(ctx context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	return c.definitions(ctx, attachmentDefinitions(), refs)
}

func (c *Client) definitions(ctx context.Context, k kind, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := make(map[plan.Ref]plan.Answer, len(refs))
	for _, ref := range refs {
		answers[ref] = plan.Answer{}
	}
	var (
		mu    sync.Mutex
		size  int
		group sync.WaitGroup
		free  = make(chan struct{}, maxInFlight)
	)
	distinct := make([]plan.Ref, 0, len(answers))
	for ref := range answers {
		distinct = append(distinct, ref)
	}
	for _, ref := range distinct {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			d, err := c.definition(ctx, k, ref)
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

// definition reads one object that defines a network.
func (c *Client) definition(ctx context.Context, k kind, ref plan.Ref) (plan.Definition, error) {
	at, err := path(k.root, ref, k.resource)
	if err != nil {
		return plan.Definition{}, err
	}
	body, f := c.do(ctx, call{
		method: http.MethodGet, path: at, needs: fmt.Sprintf(`"get" on %q`, k.crd),
		absent: fmt.Errorf("%w: the API server does not know the kind; install the CustomResourceDefinition %s", plan.ErrNotFound, k.crd),
	})
	if f != nil {
		return plan.Definition{}, f.err
	}
	return k.decode(body, ref)
}
