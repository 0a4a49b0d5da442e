package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// ErrDenied says that the API server answers, and does not permit what was asked.
var ErrDenied = errors.New("denied")

// denial is the failure's error, of the kind ErrDenied where it is one.
func (f *failure) denial(is bool) error {
	if is {
		return fault.Fault{What: f.err.Error(), Err: errors.Join(ErrDenied, f.err)}
	}
	return f.err
}

// daemonSet is as much of one as says on which nodes it runs.
type daemonSet struct {
	metav1.PartialObjectMetadata
	Spec struct {
		Template struct {
			Spec struct {
				NodeSelector labels.Set `json:"nodeSelector"`
				Affinity     struct {
					NodeAffinity struct {
						Required struct {
							Terms []nodeTerm `json:"nodeSelectorTerms"`
						} `json:"requiredDuringSchedulingIgnoredDuringExecution"`
					} `json:"nodeAffinity"`
				} `json:"affinity"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type nodeTerm struct {
	Expressions []requirement `json:"matchExpressions"`
	Fields      []requirement `json:"matchFields"`
}

// requirement may also have the operators Gt and Lt.
type requirement = metav1.LabelSelectorRequirement

// Wants tells whether a DaemonSet exists, is not being deleted, and selects a node, as
// far as the node may be read. ErrDenied where the DaemonSet may not be.
func (c *Client) Wants(ctx context.Context, set plan.Ref, nodeName string) (bool, error) {
	var ds daemonSet
	q := request{verb: "get", resource: Workloads()["DaemonSet"], ref: set}
	body, f := c.do(ctx, q)
	switch {
	case f != nil && errors.Is(f.err, plan.ErrNotFound):
		return false, nil
	case f != nil:
		return false, f.denial(f.status.Code == http.StatusUnauthorized || f.status.Code == http.StatusForbidden)
	}
	if err := q.decode(body, &ds); err != nil {
		return false, err
	}
	if ds.DeletionTimestamp != nil {
		return false, nil
	}
	pod := ds.Spec.Template.Spec
	if nodeName == "" || len(pod.NodeSelector) == 0 && len(pod.Affinity.NodeAffinity.Required.Terms) == 0 {
		return true, nil
	}
	var node metav1.PartialObjectMetadata
	if err := c.ask(ctx, nodeRequest("get", nodeName), &node); err != nil { // who may not ask has to take it for selected
		return true, nil //nolint:nilerr // as above
	}
	return ds.selects(node), nil
}

// selects is what a scheduler would say to the node's labels and name.
func (ds daemonSet) selects(node metav1.PartialObjectMetadata) bool {
	pod := ds.Spec.Template.Spec
	if !pod.NodeSelector.AsSelector().Matches(labels.Set(node.Labels)) {
		return false
	}
	terms := pod.Affinity.NodeAffinity.Required.Terms
	return len(terms) == 0 || slices.ContainsFunc(terms, func(t nodeTerm) bool {
		return len(t.Expressions)+len(t.Fields) > 0 &&
			meets(t.Expressions, labels.Set(node.Labels)) && meets(t.Fields, labels.Set{"metadata.name": node.Name})
	})
}

// meets tells whether labels meet all requirements. One that makes no sense here is
// left to the server.
func meets(requirements []requirement, of labels.Set) bool {
	operators := map[metav1.LabelSelectorOperator]selection.Operator{"DoesNotExist": selection.DoesNotExist, "Gt": selection.GreaterThan, "Lt": selection.LessThan}
	for _, r := range requirements {
		operator, special := operators[r.Operator]
		if !special {
			operator = selection.Operator(strings.ToLower(string(r.Operator))) // in, notin, exists
		}
		rule, err := labels.NewRequirement(r.Key, operator, r.Values)
		if err == nil && !rule.Matches(of) {
			return false
		}
	}
	return true
}

// nodeRequest is a request about a node.
func nodeRequest(verb, name string) request {
	return request{verb: verb, resource: core("nodes"), ref: plan.Ref{Name: name}, wide: true}
}
