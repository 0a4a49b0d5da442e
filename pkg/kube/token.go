package kube

import (
	"context"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/multus-cni/multus/pkg/plan"
)

// tokenRequest is authentication.k8s.io's, as far as it is used.
type tokenRequest struct {
	metav1.TypeMeta
	Spec struct {
		ExpirationSeconds int64      `json:"expirationSeconds"`
		BoundObjectRef    *objectRef `json:"boundObjectRef,omitempty"`
	} `json:"spec"`
	Status struct {
		Token string `json:"token"`
	} `json:"status"`
}

// Token asks for a token of a service account. With a node it ends with that node
// (KEP-4193), and not with the pod that asks for it. ErrDenied: the server answers
// that there is none to be had in this way.
func (c *Client) Token(ctx context.Context, account plan.Ref, node Identity, lifetime time.Duration) (string, error) {
	ask := tokenRequest{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest"}}
	ask.Spec.ExpirationSeconds = int64(lifetime / time.Second)
	if node.Node != "" {
		ask.Spec.BoundObjectRef = &objectRef{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, Name: node.Node, UID: types.UID(node.NodeUID)}
	}
	q := request{verb: "create", resource: core("serviceaccounts"), ref: account, subresource: "token", body: ask}
	body, f := c.do(ctx, q)
	if f != nil {
		code := int(f.status.Code)
		return "", f.denial(code/100 == 4 && code != http.StatusUnauthorized && code != http.StatusTooManyRequests)
	}
	var answer tokenRequest
	if err := q.decode(body, &answer); err != nil {
		return "", err
	}
	if answer.Status.Token == "" {
		return "", unavailable("answered without token")
	}
	return answer.Status.Token, nil
}
