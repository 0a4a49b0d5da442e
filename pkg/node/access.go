package node

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/regular"
)

// maxCredential is how many bytes a token or a certificate authority may have.
const maxCredential = 1 << 20

// kubeconfigPath is where the kubeconfig is: in a directory of its own, since each
// change in the runtime's makes it load all configurations.
func (o Options) kubeconfigPath() string {
	return cmp.Or(o.Kubeconfig, filepath.Join(o.ConfDir, "multus.d", "multus.kubeconfig"))
}

func (o Options) accessDir() string { return filepath.Dir(o.kubeconfigPath()) }
func (o Options) tokenPath() string { return filepath.Join(o.accessDir(), "token") }

// ownAccess tells whether the plugin has a kubeconfig that is kept here. Without an
// API server there is none, and an admin may name another one.
func (o Options) ownAccess() bool {
	_, given := o.Keys.Text("kubeconfig")
	return o.API.Server != "" && !given
}

// ServerURL is the API server's address from a host and a port, an IPv6 one in
// brackets.
func ServerURL(host, port string) string {
	if host == "" {
		return ""
	}
	return (&url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}).String()
}

// account reads a file of the projected service account.
func (o Options) account(file string) ([]byte, error) {
	data, err := regular.Read(filepath.Join(o.API.Account, file), maxCredential)
	if err != nil {
		return nil, fmt.Errorf("service account: %w", err)
	}
	return data, nil
}

// giveAccess writes the kubeconfig and the files that it names.
func (n Node) giveAccess(r *Report) error {
	if !n.ownAccess() {
		return nil
	}
	if err := os.MkdirAll(n.accessDir(), 0o700); err != nil {
		return err
	}
	ca, caErr := n.account("ca.crt")
	token, tokenErr := n.token()
	kubeconfig, err := kube.Kubeconfig(n.API.Server, ca, n.tokenPath())
	if err := cmp.Or(caErr, tokenErr, err); err != nil {
		return err
	}
	if err := n.place(r, n.tokenPath(), bytes.NewReader(token), 0o600); err != nil {
		return err
	}
	if err := n.place(r, n.kubeconfigPath(), bytes.NewReader(kubeconfig), 0o600); err != nil {
		return err
	}
	if id := kube.IdentityOf(string(token)); ending(id, time.Now()) {
		return fmt.Errorf("%w: it is good until %s; see the log, and this node's clock", ErrToken, id.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}
