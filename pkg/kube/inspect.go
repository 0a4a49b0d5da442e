package kube

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/multus-cni/multus/pkg/plan"
)

// Server is what an API server says of itself.
type Server struct {
	Version string
	Took    time.Duration // with the connection, where this was the first request
	Time    time.Time     // its clock, to the second; zero where it does not say
}

// Server asks the API server, once, which one it is.
func (c *Client) Server(ctx context.Context) (Server, error) {
	start := time.Now()
	a, f := c.try(ctx, request{verb: "get", resource: core("version"), at: "version"}, maxBudget)
	if f != nil {
		return Server{}, f.err
	}
	var said struct {
		Version string `json:"gitVersion"`
	}
	_ = json.Unmarshal(a.body, &said) // whatever answers: its version is not known then
	clock, _ := http.ParseTime(a.Header.Get("Date"))
	return Server{Version: said.Version, Took: time.Since(start), Time: clock}, nil
}

// Permission is a verb on a resource of all namespaces, as RBAC names them.
type Permission struct {
	Verb        string `json:"verb"`
	Group       string `json:"group"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
}

// String is "patch pods/status", "get network-attachment-definitions.k8s.cni.cncf.io".
func (p Permission) String() string {
	text := p.Verb + " " + schema.GroupResource{Group: p.Group, Resource: p.Resource}.String()
	if p.Subresource != "" {
		text += "/" + p.Subresource
	}
	return text
}

// May asks the API server whether Multus has a permission, which everybody may.
func (c *Client) May(ctx context.Context, p Permission) (bool, error) {
	type attributes struct {
		Attributes Permission `json:"resourceAttributes"`
	}
	review := struct {
		metav1.TypeMeta
		Spec attributes `json:"spec"`
	}{metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}, attributes{p}}
	var answer struct {
		Status struct {
			Allowed bool `json:"allowed"`
		} `json:"status"`
	}
	r := schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}
	err := c.ask(ctx, request{verb: "create", resource: r, body: review}, &answer)
	return answer.Status.Allowed, err
}

// Resources are the names of what the API server serves of a version of a group;
// plan.ErrNotFound where it knows no such version.
func (c *Client) Resources(ctx context.Context, group, version string) ([]string, error) {
	var list metav1.APIResourceList
	q := request{verb: "list", resource: schema.GroupVersionResource{Group: group, Version: version}}
	if err := c.ask(ctx, q, &list); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range list.APIResources {
		names = append(names, r.Name)
	}
	return names, nil
}

// pageSize is how many whole objects are listed at one time.
const pageSize = 100

// AllDefinitions lists the NetworkAttachmentDefinitions of all namespaces.
func (c *Client) AllDefinitions(ctx context.Context) (map[plan.Ref]plan.Definition, error) {
	found, err := list[attachmentDefinition](ctx, c, request{resource: attachmentDefinitions()}, pageSize)
	if err != nil {
		return nil, err
	}
	all := make(map[plan.Ref]plan.Definition, len(found))
	for _, item := range found {
		if all[plan.Ref{Namespace: item.Namespace, Name: item.Name}], err = item.definition(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
