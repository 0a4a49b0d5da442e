package kube

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// kubeconfig is a file in a folder of its own, from the members of its cluster and user.
func kubeconfig(t *testing.T, cluster, user string) string {
	t.Helper()
	return writeKubeconfig(t, fmt.Sprintf(`
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {%s}}]
users: [{name: u, user: {%s}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`, cluster, user))
}

func beside(t *testing.T, file, name, text string) {
	t.Helper()
	cnitest.Must(t, os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte(text), 0o600))
}

func TestServerBelowAPath(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	file := kubeconfig(t, fmt.Sprintf("server: %q, insecure-skip-tls-verify: true", s.URL()+"/k8s/clusters/c-1/"), "token: "+cnitest.Token)
	_, err := open(t, file).Pod(within(t, time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable)
	if got := s.Requests()[0].Path; got != "/k8s/clusters/c-1"+podPath {
		t.Errorf("path %s", got)
	}
}

func TestProxyURL(t *testing.T) {
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	file := kubeconfig(t, fmt.Sprintf(`server: "https://api.invalid:6443", insecure-skip-tls-verify: true, proxy-url: %q`, proxy.URL), "token: x")
	err := reach(within(t, time.Second), open(t, file))
	fails(t, err, plan.ErrUnavailable, "Forbidden")
	if got := asked.Load(); got != "CONNECT api.invalid:6443" {
		t.Errorf("the proxy was asked for %v", got)
	}
}

// What leads nowhere, or to two places.
func TestKubeconfigFaults(t *testing.T) {
	const (
		cluster = "{name: c, cluster: {server: 'https://127.0.0.1:1'}}"
		user    = "{name: u, user: {token: geheim}}"
		context = "{name: x, context: {cluster: c, user: u}}"
	)
	of := func(clusters, users, contexts string) string {
		return fmt.Sprintf("clusters: [%s]\nusers: [%s]\ncontexts: [%s]\ncurrent-context: x\n", clusters, users, contexts)
	}
	tests := map[string]struct{ text, want string }{
		"empty":            {" \n", "current-context: missing"},
		"no context":       {"apiVersion: v1\nkind: Config\n", "current-context: missing"},
		"unknown context":  {"current-context: nowhere\n", "cannot locate context nowhere"},
		"unknown cluster":  {of("", user, context), "cannot locate cluster c"},
		"unknown user":     {of(cluster, "", context), "cannot locate user u"},
		"wrong kind":       {"apiVersion: v1\nkind: Pod\n", "no kubeconfig"},
		"larger than ever": {strings.Repeat("#", maxFile+1), "more than 4194304 bytes"},
		"two clusters":     {of(cluster+", "+cluster, user, context), "no kubeconfig"},
		"two users":        {of(cluster, user+", "+user, context), "no kubeconfig"},
		"two contexts":     {of(cluster, user, context+", "+context), "no kubeconfig"},
		"no user":          {of(cluster, user, "{name: x, context: {cluster: c}}"), "needs both a cluster and a user"},
		"unnamed user":     {of(cluster, "{user: {token: geheim}}", "{name: x, context: {cluster: c}}"), "needs both a cluster and a user"},
		"no cluster":       {of(cluster, user, "{name: x, context: {user: u}}"), "needs both a cluster and a user"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := writeKubeconfig(t, tt.text)
			fails(t, open(t, config).Check(), plan.ErrUnavailable, tt.want, config)
		})
	}
	fails(t, reach(within(t, time.Second), open(t, filepath.Join(t.TempDir(), "missing"))), plan.ErrUnavailable, "no such file or directory")
}

func TestCertificateProblem(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	ca := base64.StdEncoding.EncodeToString(s.CA())
	tests := map[string]struct{ cluster, want string }{
		"unknown authority": {cluster: fmt.Sprintf("server: %q", s.URL()), want: "unknown authority"},
		"wrong name":        {cluster: fmt.Sprintf("server: %q, tls-server-name: other.invalid, certificate-authority-data: %s", s.URL(), ca), want: "other.invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := kubeconfig(t, tt.cluster, "token: "+cnitest.Token)
			began := time.Now()
			_, err := open(t, file).Pod(within(t, 10*time.Second), "default", "a")
			fails(t, err, plan.ErrUnavailable, "certificate problem", tt.want, file, "clock")
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("tried for %s, which helps nothing", took)
			}
		})
	}
}

func TestNoTLS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	file := kubeconfig(t, fmt.Sprintf("server: %q", strings.Replace(plain.URL, "http:", "https:", 1)), "token: "+cnitest.Token)
	err := reach(within(t, time.Second), open(t, file))
	fails(t, err, plan.ErrUnavailable, "speaks no TLS", file)
}

func TestPasswordInURLIsNotShown(t *testing.T) {
	file := kubeconfig(t, fmt.Sprintf("server: %q, insecure-skip-tls-verify: true", "https://user:geheim@"+unused(t)), "token: x")
	err := reach(within(t, time.Second), open(t, file))
	fails(t, err, plan.ErrUnavailable, "connection refused")
	if strings.Contains(err.Error(), "geheim") {
		t.Errorf("error %q gives the password away", err)
	}
}

func TestClientStaysUsableAfterClose(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	c := dial(t, s)
	for range 2 {
		cnitest.Must(t, reach(within(t, time.Second), c))
		c.Close()
	}
	if n := s.Connections(); n != 2 {
		t.Errorf("%d connections, want the first one closed", n)
	}
}
