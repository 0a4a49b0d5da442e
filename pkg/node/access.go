package node

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/regular"
)

// maxCredential is how many bytes a token or a certificate authority may have.
const maxCredential = 1 << 20

// accessDir is where the kubeconfig and what it names are: a directory of its own,
// since each change in the runtime's makes it load all configurations.
func (o Options) accessDir() string { return filepath.Join(o.ConfDir, "multus.d") }

func (o Options) kubeconfigPath() string { return filepath.Join(o.accessDir(), "multus.kubeconfig") }
func (o Options) tokenPath() string      { return filepath.Join(o.accessDir(), "token") }

// ServerURL is the API server's address from a host and a port, an IPv6 one in
// brackets.
func ServerURL(host, port string) string {
	if host == "" {
		return ""
	}
	return (&url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}).String()
}

// kubeconfig is what the file says: the token is a file beside it, which is renewed
// without touching the kubeconfig.
func (o Options) kubeconfig(ca []byte) ([]byte, error) {
	type named map[string]any
	return yaml.Marshal(named{
		"apiVersion":      "v1",
		"kind":            "Config",
		"clusters":        []named{{"name": "cluster", "cluster": named{"server": o.API.Server, "certificate-authority-data": ca}}},
		"users":           []named{{"name": "multus", "user": named{"tokenFile": o.tokenPath()}}},
		"contexts":        []named{{"name": "multus", "context": named{"cluster": "cluster", "user": "multus"}}},
		"current-context": "multus",
	})
}

// account reads a file of the projected service account.
func (o Options) account(file string) ([]byte, error) {
	data, err := regular.Read(filepath.Join(o.API.Account, file), maxCredential)
	if err != nil {
		return nil, fmt.Errorf("service account: %w", err)
	}
	return data, nil
}
