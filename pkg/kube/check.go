package kube

import (
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"strings"
	"time"
)

// clockSkew is how much later than it says a token may be used.
const clockSkew = time.Minute

// Check tells, without a request, whether requests can be made: the kubeconfig
// and the files that it names can be read and make sense, and the token, where
// that can be seen, has not expired.
func (c *Client) Check() error {
	l, err := newLink(c.kubeconfig)
	if err != nil {
		return unavailable("kubeconfig %s: %w", c.kubeconfig, err)
	}
	if l.plugin != "" {
		if _, err := exec.LookPath(l.plugin); err != nil {
			return unavailable("kubeconfig %s: user.exec.command: %w; install it, or correct its name", c.kubeconfig, err)
		}
	}
	end := expiry(l.token)
	if !end.IsZero() && time.Since(end) > clockSkew {
		return unavailable("kubeconfig %s: the %s expired at %s; see what should keep it current", c.kubeconfig, l.credential, end.UTC().Format(time.RFC3339))
	}
	return nil
}

// expiry is when a token expires that is a JSON Web Token (RFC 7519, 4.1.4), as
// those of service accounts are; zero where that cannot be seen.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Expiry float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Expiry <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Expiry), 0)
}
