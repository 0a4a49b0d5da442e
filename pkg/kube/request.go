package kube

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// request is one request, to be tried until it works out or cannot.
type request struct {
	verb        string // as RBAC calls it: get, list, create, patch, delete
	resource    schema.GroupVersionResource
	older       []string // versions for a server that does not know the resource's
	ref         plan.Ref // without a name to create and to list, where the namespace may be missing too
	subresource string
	at          string // the path, where it is not a resource's
	wide        bool   // the resource is the cluster's, and has no namespaces
	query       url.Values
	accept      string              // application/json where empty
	contentType string              // of the body; application/json where empty
	body        any                 // what is sent as JSON; nil for nothing
	retry       func(*failure) bool // further failures that another try may help; may be nil
	tries       int                 // at most; 0: as many as there is time for
}

const (
	acceptJSON = "application/json"
	// acceptMetadata asks for an object's metadata alone; a server that cannot do
	// that answers with the whole object.
	acceptMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
)

// core is a resource that every API server has.
func core(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: resource}
}

// ask makes a request and reads the answer, which must be the object that was
// asked for, if it was asked for by name.
func (c *Client) ask(ctx context.Context, q request, into any) error {
	body, f := c.do(ctx, q)
	for ; f != nil && f.unknownKind() && len(q.older) > 0; q.older = q.older[1:] {
		q.resource.Version = q.older[0]
		body, f = c.do(ctx, q)
	}
	if f != nil {
		return f.err
	}
	return q.decode(body, into)
}

// maxPages bounds a list.
const maxPages = 1000

// list asks for the objects of a list, so many at a time that an answer stays within
// its bound.
func list[T any](ctx context.Context, c *Client, q request, atATime int) ([]T, error) {
	var all []T
	more := url.Values{"limit": {strconv.Itoa(atATime)}}
	maps.Copy(more, q.query)
	q.verb, q.query = "list", more
	for range maxPages {
		var page struct {
			metav1.ListMeta `json:"metadata"`
			Items           []T `json:"items"`
		}
		if err := c.ask(ctx, q, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Continue == "" {
			return all, nil
		}
		more.Set("continue", page.Continue)
	}
	return nil, fmt.Errorf("more than %d pages of %d", maxPages, atATime)
}

// decode reads an answer. A schema on the server may be missing or lax, and people
// write objects by hand: nothing is taken for granted.
func (q request) decode(body []byte, into any) error {
	err := kjson.Unmarshal(body, into) // keys are exact
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		expected := "an object"
		if kind := wrong.Type.Kind(); kind != reflect.Struct && kind != reflect.Map {
			expected = "a " + kind.String()
		}
		return fault.Fault{Key: wrong.Field, What: expected + " is expected, found " + wrong.Value}
	}
	meta, one := into.(metav1.Object)
	one = one && q.ref.Name != ""
	if err != nil || one && (meta.GetName() != q.ref.Name || meta.GetNamespace() != q.ref.Namespace) {
		return unavailable("the answer is not the object that was asked for; is there a proxy between this node and the API server?")
	}
	return nil
}

// How far a request got that was not answered.
const (
	identifying = iota // client-go asks an exec plugin
	connecting
	connected
)

// try sends the request once, and gives up after limit.
func (c *Client) try(ctx context.Context, q request, limit time.Duration) (answer, *failure) {
	l, err := c.connect()
	if err != nil {
		return answer{}, &failure{err: err}
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := q.http(bounded, l)
	if err != nil {
		return answer{}, &failure{err: err}
	}
	var reached atomic.Int32
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { reached.Store(connecting) },
		GotConn: func(httptrace.GotConnInfo) { reached.Store(connected) },
	}
	resp, err := l.RoundTrip(req.WithContext(httptrace.WithClientTrace(bounded, trace)))
	a := answer{Response: resp}
	if err == nil {
		a.body, err = read(resp)
	}
	switch {
	case err != nil:
		f := c.unanswered(l, err, int(reached.Load()))
		f.cut = f.cut || f.again && ctx.Err() != nil
		if f.again {
			c.abandon(l)
		}
		return answer{}, f
	case resp.StatusCode/100 == 2:
		return a, nil
	case resp.StatusCode == http.StatusUnauthorized:
		c.abandon(l)
	}
	return answer{}, c.refused(l, q, a)
}

// http is the request as it is sent.
func (q request) http(ctx context.Context, l *link) (*http.Request, error) {
	at, err := q.path()
	if err != nil {
		return nil, err
	}
	var body []byte
	if q.body != nil {
		body, _ = json.Marshal(q.body) // all of it is ours, or was JSON before
	}
	method := map[string]string{"patch": http.MethodPatch, "create": http.MethodPost, "delete": http.MethodDelete}[q.verb]
	to := l.base.JoinPath(at)
	to.RawQuery = q.query.Encode()
	req, err := http.NewRequestWithContext(ctx, cmp.Or(method, http.MethodGet), to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", cmp.Or(q.accept, acceptJSON))
	if q.body != nil {
		req.Header.Set("Content-Type", cmp.Or(q.contentType, acceptJSON))
	}
	return req, nil
}

// path is the path of the object, or of all objects where one is created or they
// are listed. A name is one element of it, and no way out.
func (q request) path() (string, error) {
	if q.at != "" {
		return q.at, nil
	}
	root, among := path.Join("apis", q.resource.Group), ""
	if q.resource.Group == "" {
		root = "api"
	}
	one := q.verb != "create" && q.verb != "list"
	if one && !q.wide || q.ref.Namespace != "" {
		if err := name.Namespace(q.ref.Namespace); err != nil {
			return "", err
		}
		among = path.Join("namespaces", q.ref.Namespace)
	}
	if one || q.ref.Name != "" {
		if err := name.Object(q.ref.Name); err != nil {
			return "", err
		}
	}
	return path.Join(root, q.resource.Version, among, q.resource.Resource, q.ref.Name, q.subresource), nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

var errTooBig = fmt.Errorf("the answer is larger than %d MiB, which is as much as is read", maxAnswer>>20)

// read reads the body, up to its bound.
func read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooBig
	}
	return body, err
}
