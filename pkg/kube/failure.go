package kube

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// failure is why a try did not give what was asked for.
type failure struct {
	err    error         // complete: kind, cause and cure
	status metav1.Status // what the server said; its code is 0 where there was no answer
	again  bool          // another try may help
	after  time.Duration // but not earlier
	cut    bool          // the context ended, the server may be all right
}

// unknownKind tells that the server has nothing of that kind and version.
func (f *failure) unknownKind() bool {
	return f.status.Code == http.StatusNotFound && f.status.Details.Name == ""
}

// unanswered tells why a request had no answer.
func (c *Client) unanswered(l *link, err error, reached int) *failure {
	cause := causeOf(err)
	switch {
	case errors.Is(err, errTooBig):
		return &failure{err: errTooBig}
	case errors.Is(err, context.Canceled):
		return &failure{cut: true, err: unavailable("%s: interrupted", l.shown)}
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(tls.AlertError)):
		return &failure{err: unavailable(
			"%s: certificate problem: %s; see certificate-authority and tls-server-name of the cluster in kubeconfig %s, and this node's clock", l.shown, cause, c.kubeconfig)}
	case errors.As(err, new(tls.RecordHeaderError)):
		return &failure{err: unavailable("%s: what answers there speaks no TLS: %s; see the server in kubeconfig %s", l.shown, cause, c.kubeconfig)}
	case reached == identifying && !utilnet.IsTimeout(err):
		return &failure{err: unavailable("kubeconfig %s: %s: %s", c.kubeconfig, l.credential, cause)}
	}
	f := &failure{again: true}
	switch {
	case errors.As(err, new(*net.DNSError)):
		f.err = unavailable("%s: %s; is that name, from kubeconfig %s, right, and can this node resolve it without the cluster?", l.shown, cause, c.kubeconfig)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.err = unavailable("%s: connection refused; does the API server run, and is that address, from kubeconfig %s, right?", l.shown, c.kubeconfig)
	case utilnet.IsTimeout(err) && reached == connected:
		f.err = unavailable("%s: connected, but no answer in time; see the API server's load and its log", l.shown)
	case utilnet.IsTimeout(err) && reached == identifying && l.conf.ExecProvider != nil:
		f.err = unavailable("%s: no credential in time; does %s hang, the exec plugin of kubeconfig %s?", l.shown, l.conf.ExecProvider.Command, c.kubeconfig)
	case utilnet.IsTimeout(err):
		f.err = unavailable("%s: no connection in time; is that address, from kubeconfig %s, right, and does a firewall let this node through?", l.shown, c.kubeconfig)
	case reached == connected: // what net/http calls that depends on the moment
		f.err = unavailable("%s: connection reset", l.shown)
	default:
		f.err = unavailable("%s: %s; see kubeconfig %s", l.shown, cause, c.kubeconfig)
	}
	return f
}

// causeOf is the text of what went wrong, without ports, which differ from one
// try to the next.
func causeOf(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) {
		return oneLine(operation.Op + ": " + operation.Err.Error())
	}
	return oneLine(err.Error())
}

// answer is an answer whose body has been read.
type answer struct {
	*http.Response
	body []byte
}

// status is what the server says. Anything can answer at an address: what is no
// Status is shown as the text that it is.
func (a answer) status(token string) metav1.Status {
	var s metav1.Status
	if err := json.Unmarshal(a.body, &s); err != nil || s.Kind != "Status" {
		s = metav1.Status{Message: string(a.body)}
	}
	if s.Details == nil {
		s.Details = &metav1.StatusDetails{}
	}
	if token != "" {
		s.Message = strings.ReplaceAll(s.Message, token, "(token)")
	}
	s.Message = cmp.Or(oneLine(s.Message), http.StatusText(a.StatusCode))
	s.Code = int32(a.StatusCode) //nolint:gosec // three digits
	return s
}

// refused tells why the server's answer is not what was asked for.
func (c *Client) refused(l *link, q request, a answer) *failure {
	f := &failure{status: a.status(l.conf.BearerToken)}
	code, said := a.StatusCode, f.status.Message
	switch {
	case code == http.StatusUnauthorized:
		f.err = unavailable("%s: the %s of kubeconfig %s is not accepted (401 %s); it may have expired, see what should keep it current", l.shown, l.credential, c.kubeconfig, said)
	case code == http.StatusForbidden:
		resource := path.Join(q.resource.GroupResource().String(), q.subresource)
		f.err = unavailable("%s: not permitted (403 %s); give Multus's ClusterRole the verb %q on %q", l.shown, said, q.verb, resource)
	case code == http.StatusNotFound && f.status.Details.Name != "":
		f.err = plan.ErrNotFound
	case code == http.StatusNotFound && q.resource.Group == "": // every API server has it, so the object may well be there
		f.err = unavailable("what answers knows no %s; is the server in kubeconfig %s a Kubernetes API server?", q.resource.Resource, c.kubeconfig)
	case code == http.StatusNotFound:
		f.err = fmt.Errorf("%w: the API server does not know the kind; install the CustomResourceDefinition %s", plan.ErrNotFound, q.resource.GroupResource())
	case code == http.StatusTooManyRequests || code >= 500:
		seconds, _ := strconv.ParseUint(a.Header.Get("Retry-After"), 10, 16)
		f.again, f.after = true, time.Duration(seconds)*time.Second //nolint:gosec // 16 bits
		f.err = unavailable("%s: %d %s", l.shown, code, said)
	case code < 400:
		f.err = unavailable("%s: unexpected answer %d %s; is that address, from kubeconfig %s, the API server's?", l.shown, code, said, c.kubeconfig)
	default:
		f.err = fmt.Errorf("the API server rejects the request: %d %s", code, said)
	}
	return f
}

// maxText bounds what a message repeats of text from outside.
const maxText = 512

// oneLine puts text from outside on one line of bounded length.
func oneLine(text string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(text, ""), unicode.IsControl)
	return fault.Clip(strings.TrimSpace(strings.Join(words, " ")), maxText)
}
