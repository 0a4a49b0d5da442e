package kube

import (
	"context"
	"crypto/tls"
	"errors"
)

// credential is what identifies Multus in a request or its connection.
type credential struct {
	token string           // empty for none
	cert  *tls.Certificate // nil for none
}

// credentials are where requests get theirs: the *tokens of a kubeconfig, or an
// *execPlugin.
type credentials interface {
	// now is the credential to be used. The context bounds how long it may take.
	now(ctx context.Context) (*credential, error)
	// refused says that the server turned a credential down: the next one is
	// fetched anew, unless that has been done since.
	refused(c *credential)
	// cure is what to do about credentials that the server turns down.
	cure() string
}

// credential is what the next request carries.
func (e *endpoint) credential(ctx context.Context) (*credential, error) {
	if e.credentials == nil {
		return &credential{}, nil
	}
	return e.credentials.now(ctx)
}

// turnedDown sees to it that the next try does not come with what the server did
// not accept.
func (c *Client) turnedDown(e *endpoint, l *link, used *credential) {
	if e.credentials != nil {
		e.credentials.refused(used)
	}
	if e.certificates() {
		c.abandon(l) // a certificate stays for the life of a connection
	}
}

// unfetched tells why there is no credential.
func (c *Client) unfetched(e *endpoint, err error, ended bool) *fault {
	var broken *execFault
	switch {
	case errors.As(err, &broken):
		return &fault{again: broken.again, err: unavailable("kubeconfig %s: exec plugin %s: %w", c.kubeconfig, e.exec, broken)}
	case errors.Is(err, context.Canceled):
		return &fault{cut: true, err: unavailable("%s: interrupted", e.shown)}
	}
	return &fault{again: true, cut: ended, err: unavailable(
		"%s: no credential in time; does %s hang, the exec plugin of kubeconfig %s?", e.shown, e.exec, c.kubeconfig)}
}
