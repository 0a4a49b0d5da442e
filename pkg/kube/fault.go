package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// fault is why a try did not give what was asked for.
type fault struct {
	err    error         // complete: kind, cause and cure
	code   int           // HTTP status; 0: there was no answer
	status status        // what the server said about it
	again  bool          // another try may help
	after  time.Duration // but not earlier
	cut    bool          // the context ended, the server may be all right
}

// tried adds to the error for how long another try was made again and again.
// Nothing in the text depends on chance, so that requests which fail at the same
// time for the same reason say the same.
func (f *fault) tried(tries int, budget time.Duration) *fault {
	if tries > 1 && budget > 0 {
		f.err = fmt.Errorf("%w (tried again for %s)", f.err, budget.Round(100*time.Millisecond))
	}
	return f
}

// unavailable is an error of the kind plan.ErrUnavailable.
func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{plan.ErrUnavailable}, args...)...)
}

// attempt is how far a request got that was not answered.
type attempt struct {
	connected bool
	ended     bool // the caller's context ended, not just the try
}

// unanswered tells why there was no answer.
func (c *Client) unanswered(e *endpoint, err error, a attempt) *fault {
	cause := e.cause(err)
	switch {
	case errors.As(err, new(tooBig)):
		return &fault{err: tooBig{}}
	case errors.Is(err, context.Canceled):
		return &fault{cut: true, err: unavailable("%s: interrupted", e.shown)}
	case timedOut(err) && !a.connected:
		return &fault{again: true, cut: a.ended, err: unavailable(
			"%s: no connection in time; is that address, from kubeconfig %s, right, and does a firewall let this node through?", e.shown, c.kubeconfig)}
	case timedOut(err):
		return &fault{again: true, cut: a.ended, err: unavailable(
			"%s: connected, but no answer in time; see the API server's load and its log", e.shown)}
	case certificateProblem(err):
		return &fault{err: unavailable(
			"%s: certificate problem: %s; see certificate-authority and tls-server-name of the cluster in kubeconfig %s, and this node's clock", e.shown, cause, c.kubeconfig)}
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, new(tls.RecordHeaderError)):
		return &fault{err: unavailable("%s: what answers there speaks no TLS: %s; see the server in kubeconfig %s", e.shown, cause, c.kubeconfig)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &fault{again: true, err: unavailable(
			"%s: connection refused; does the API server run, and is that address, from kubeconfig %s, right?", e.shown, c.kubeconfig)}
	case errors.As(err, new(*net.DNSError)):
		return &fault{again: true, err: unavailable(
			"%s: %s; is that name, from kubeconfig %s, right, and can this node resolve it without the cluster?", e.shown, cause, c.kubeconfig)}
	case brokenOff(err):
		return &fault{again: true, err: unavailable("%s: connection reset", e.shown)}
	}
	return &fault{again: true, err: unavailable("%s: %s", e.shown, cause)}
}

// cause is the text of what went wrong, without the URL and the ports, which
// differ from one try to the next.
func (e *endpoint) cause(err error) string {
	var (
		request   *url.Error
		operation *net.OpError
	)
	text := err.Error()
	if errors.As(err, &request) {
		text = request.Err.Error()
	}
	if errors.As(err, &operation) {
		text = operation.Op + ": " + operation.Err.Error()
	}
	return shorten(strings.ReplaceAll(text, e.base, e.shown), maxText)
}

// brokenOff tells whether the other side ended the connection or the request.
// What the system calls that depends on the moment.
func brokenOff(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(streamError))
}

// streamError has the fields of net/http's error of an HTTP/2 request, which is
// not exported but lends itself to errors.As this way.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error is of no use beyond errors.As.
func (e streamError) Error() string { return "HTTP/2 request reset" }

// timedOut tells whether what went wrong is that it took too long.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() && !errors.As(err, new(*net.DNSError))
}

// certificateProblem tells whether the two sides do not believe each other.
func certificateProblem(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		alert        tls.AlertError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &alert)
}
