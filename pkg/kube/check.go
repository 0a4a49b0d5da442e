package kube

import (
	"crypto/x509"
	"encoding/pem"
	"os/exec"
	"time"
)

// clockSkew is how much later than it says a token may be used.
const clockSkew = time.Minute

// Check tells, without a request, whether requests can be made: the kubeconfig
// and the files that it names can be read and make sense, and the token, where
// that can be seen, has not expired.
func (c *Client) Check() error {
	l, err := c.newLink()
	if err != nil {
		return unavailable("kubeconfig %s: %w", c.kubeconfig, err)
	}
	if plugin := l.conf.ExecProvider; plugin != nil {
		if _, err := exec.LookPath(plugin.Command); err != nil {
			return unavailable("kubeconfig %s: user.exec.command: %w; install it, or correct its name", c.kubeconfig, err)
		}
	}
	end := IdentityOf(l.conf.BearerToken).Expires
	if !end.IsZero() && time.Since(end) > clockSkew {
		return unavailable("kubeconfig %s: the %s expired at %s; see what should keep it current", c.kubeconfig, l.credential, end.UTC().Format(time.RFC3339))
	}
	return nil
}

// Credential is what identifies Multus, as far as its files tell.
type Credential struct {
	Name    string   // the token from /run/token
	Files   []string // the kubeconfig, whatever is wrong with it, and the files with secrets that it names
	Issued  time.Time
	Expires time.Time // zero where it never does, or where that cannot be seen
}

// Credential reads, without a request, what Multus is identified by.
func (c *Client) Credential() (Credential, error) {
	found := Credential{Files: []string{c.kubeconfig}}
	conf, err := c.access()
	if err != nil {
		return found, unavailable("kubeconfig %s: %w", c.kubeconfig, err)
	}
	found.Name = credentialOf(conf)
	for _, file := range []string{conf.BearerTokenFile, conf.KeyFile} {
		if file != "" {
			found.Files = append(found.Files, file)
		}
	}
	id := IdentityOf(conf.BearerToken)
	found.Issued, found.Expires = id.Issued, id.Expires
	if block, _ := pem.Decode(conf.CertData); conf.BearerToken == "" && block != nil {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			found.Issued, found.Expires = cert.NotBefore, cert.NotAfter
		}
	}
	return found, nil
}
