package kube

import (
	"context"
	"net/http"
)

// Ready tells whether the API server answers and knows who Multus is; one try.
// The server's own readiness is asked for, so that one that runs but has lost
// its storage does not count. Being refused that for want of permission does
// count: it takes a server that works to know.
func (c *Client) Ready(ctx context.Context) error {
	limit := left(ctx)
	if limit == 0 {
		limit = longTry
	}
	_, f := c.try(ctx, call{method: http.MethodGet, path: "/readyz", accept: "*/*", absent: c.notKubernetes("/readyz")}, limit)
	if f == nil || f.code == http.StatusForbidden {
		return nil
	}
	return f.err
}

// Check tells, without a request, whether the kubeconfig and what it names can be
// read and make sense.
func (c *Client) Check() error {
	_, err := c.load()
	return err
}
