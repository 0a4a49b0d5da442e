package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// call is one request, to be tried until it works out or cannot.
type call struct {
	method, path string
	accept       string // a plain application/json where empty
	contentType  string
	body         []byte
	needs        string            // what RBAC must grant: "get" on "pods"
	absent       error             // what a 404 means that does not name the object
	retry        func(*fault) bool // further faults that another try may help; may be nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

const acceptJSON = "application/json"

// try sends the request once, and gives up after limit. What it was that went
// wrong, if anything, is a fault.
func (c *Client) try(ctx context.Context, q call, limit time.Duration) ([]byte, *fault) {
	e, err := c.load()
	if err != nil {
		return nil, &fault{err: err}
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	used, err := e.credential(bounded)
	if err != nil {
		return nil, c.unfetched(e, err, ctx.Err() != nil)
	}
	req, err := e.request(bounded, q, used)
	if err != nil {
		return nil, &fault{err: err}
	}
	l, err := c.connect(e)
	if err != nil {
		return nil, &fault{err: err}
	}
	resp, connected, err := l.do(req)
	var body []byte
	if err == nil {
		body, err = read(resp)
	}
	if err != nil {
		f := c.unanswered(e, l.reason(err), attempt{connected: connected, ended: ctx.Err() != nil})
		if f.again {
			c.abandon(l)
		}
		return nil, f
	}
	if resp.StatusCode/100 == 2 {
		return body, nil
	}
	if resp.StatusCode == http.StatusUnauthorized {
		c.turnedDown(e, l, used)
	}
	return nil, c.refused(e, q, refusal{resp: resp, body: body, token: used.token})
}

// request is the request as it is sent.
func (e *endpoint) request(ctx context.Context, q call, used *credential) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, e.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	if q.body == nil {
		req.Body, req.GetBody = nil, nil
	}
	req.Header.Set("User-Agent", e.userAgent)
	accept := q.accept
	if accept == "" {
		accept = acceptJSON
	}
	req.Header.Set("Accept", accept)
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	if used.token != "" {
		req.Header.Set("Authorization", "Bearer "+used.token)
	}
	return req, nil
}

// tooBig says that an answer is larger than maxAnswer.
type tooBig struct{}

func (tooBig) Error() string {
	return fmt.Sprintf("the answer is larger than %d MiB, which is as much as is read", maxAnswer>>20)
}

// read reads the body, up to its bound.
func read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > maxAnswer {
		return nil, tooBig{}
	}
	var body bytes.Buffer
	if resp.ContentLength > 0 {
		body.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case n > maxAnswer:
		return nil, tooBig{}
	}
	return body.Bytes(), nil
}

// segment makes sure that a name is one element of a path and no way out of it.
func segment(what, name string) error {
	if name == "" || name == "." || name == ".." || len(name) > 253 || strings.ContainsFunc(name, oddInPath) {
		return fmt.Errorf("%s %q: no name of a Kubernetes object", what, shorten(name, 64))
	}
	return nil
}

func oddInPath(r rune) bool {
	return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != ':'
}

// path is the path of an object.
func path(root string, ref plan.Ref, resource string) (string, error) {
	if err := segment("namespace", ref.Namespace); err != nil {
		return "", err
	}
	if err := segment("name", ref.Name); err != nil {
		return "", err
	}
	return root + "/namespaces/" + ref.Namespace + "/" + resource + "/" + ref.Name, nil
}
