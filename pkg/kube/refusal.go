package kube

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/multus-cni/multus/pkg/plan"
)

// status is what Multus reads of a metav1.Status.
type status struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Details struct {
		Name   string `json:"name"`
		Kind   string `json:"kind"`
		Causes []struct {
			Field string `json:"field"`
		} `json:"causes"`
	} `json:"details"`
}

// refusal is an answer that is not what was asked for.
type refusal struct {
	resp  *http.Response
	body  []byte
	token string
}

// read is what the server says about the refusal. Anything can answer at an
// address: what is no Status is shown as the text that it is.
func (r refusal) read() status {
	var s status
	if err := json.Unmarshal(r.body, &s); err != nil || s.Kind != "Status" {
		s = status{Message: string(r.body[:min(len(r.body), 4*maxText)])}
	}
	if r.token != "" {
		s.Message = strings.ReplaceAll(s.Message, r.token, "(token)")
	}
	s.Message = shorten(s.Message, maxText)
	return s
}

// refused tells why the server's answer is not what was asked for.
func (c *Client) refused(e *endpoint, q call, r refusal) *fault {
	f := &fault{code: r.resp.StatusCode, status: r.read()}
	said := f.status.Message
	if said == "" {
		said = http.StatusText(f.code)
	}
	switch {
	case f.code == http.StatusUnauthorized:
		f.err = unavailable("%s: the %s of kubeconfig %s is not accepted (401 %s)%s", e.shown, e.kind, c.kubeconfig, said, e.cure())
	case f.code == http.StatusForbidden:
		f.err = unavailable("%s: not permitted (403 %s); give Multus's ClusterRole the verb %s", e.shown, said, q.needs)
	case f.code == http.StatusNotFound && (f.status.Details.Name != "" || q.absent == nil):
		f.err = plan.ErrNotFound
	case f.code == http.StatusNotFound:
		f.err = q.absent
	case f.code == http.StatusTooManyRequests || f.code >= 500:
		f.again = true
		f.after = retryAfter(r.resp.Header.Get("Retry-After"))
		f.err = unavailable("%s: %d %s", e.shown, f.code, said)
	case f.code < 400:
		f.err = unavailable("%s: unexpected answer %d %s; is that address, from kubeconfig %s, the API server's?", e.shown, f.code, said, c.kubeconfig)
	default:
		f.err = &rejected{code: f.code, said: said}
	}
	return f
}

// rejected says that the server finds fault with the request itself.
type rejected struct {
	code int
	said string
}

// Error is what the server says.
func (r *rejected) Error() string {
	return "the API server rejects the request: " + strconv.Itoa(r.code) + " " + r.said
}

// cure is what to do about credentials that are not accepted.
func (e *endpoint) cure() string {
	if e.credentials == nil {
		return ""
	}
	return "; " + e.credentials.cure()
}

// retryAfter reads a Retry-After header: seconds or a date.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 16); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return time.Until(date)
	}
	return 0
}

// maxText bounds what a message repeats of what a server said.
const maxText = 512

// shorten puts text from outside on one line of bounded length.
func shorten(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
