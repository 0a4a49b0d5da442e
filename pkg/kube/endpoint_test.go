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

func TestKubeconfigFeatures(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	embedded := base64.StdEncoding.EncodeToString(s.CA())
	server := fmt.Sprintf("server: %q, ", s.URL())
	token := "token: " + cnitest.Token
	tests := map[string]struct{ cluster, user, tokenFile string }{
		"embedded authority":      {cluster: server + "certificate-authority-data: " + embedded, user: token},
		"relative authority file": {cluster: server + "certificate-authority: ca.crt", user: token},
		"insecure":                {cluster: server + "insecure-skip-tls-verify: true", user: token},
		"server name":             {cluster: server + "tls-server-name: example.com, certificate-authority-data: " + embedded, user: token},
		"relative token file":     {cluster: server + "certificate-authority: ca.crt", user: "tokenFile: token", tokenFile: cnitest.Token + "\n"},
		"token file goes first":   {cluster: server + "certificate-authority: ca.crt", user: "token: other, tokenFile: token", tokenFile: cnitest.Token},
		"token beside no file":    {cluster: server + "certificate-authority: ca.crt", user: token + ", tokenFile: missing"},
		"exec": {cluster: server + "insecure-skip-tls-verify: true", user: `exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: ["-c", ` +
			`'echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"` + cnitest.Token + `\"}}"']}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := kubeconfig(t, tt.cluster, tt.user)
			beside(t, file, "ca.crt", string(s.CA()))
			if tt.tokenFile != "" {
				beside(t, file, "token", tt.tokenFile)
			}
			if err := reach(within(t, 5*time.Second), open(t, file)); err != nil {
				t.Error(err)
			}
		})
	}
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

func TestKubeconfigFaults(t *testing.T) {
	const secret = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9"
	const rest = `users: [{name: u, user: {token: ` + secret + `}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`
	tests := map[string]struct{ text, want string }{
		"empty":            {text: " \n", want: "current-context: missing"},
		"no context":       {text: "apiVersion: v1\nkind: Config\n", want: "current-context: missing"},
		"unknown context":  {text: "current-context: nowhere\n", want: "cannot locate context nowhere"},
		"no server":        {text: "clusters: [{name: c, cluster: {}}]\n" + rest, want: "cluster.server: missing"},
		"no cluster":       {text: rest, want: "cannot locate cluster c"},
		"no user":          {text: "clusters: [{name: c, cluster: {server: 'https://a'}}]\n" + strings.Replace(rest, "user: u", "user: v", 1), want: "cannot locate user v"},
		"bare token":       {text: secret, want: "no kubeconfig"},
		"no YAML":          {text: "a: b: " + secret, want: "no kubeconfig"},
		"wrong type":       {text: "users: [{name: u, user: " + secret + "}]", want: "no kubeconfig"},
		"wrong kind":       {text: "apiVersion: v1\nkind: Pod\n", want: "no kubeconfig"},
		"missing CA":       {text: "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority: /does/not/exist}}]\n" + rest, want: "/does/not/exist"},
		"broken CA":        {text: "clusters: [{name: c, cluster: {server: 'https://a', certificate-authority-data: YQ==}}]\n" + rest, want: "root certificates"},
		"two identities":   {text: "clusters: [{name: c, cluster: {server: 'https://a', insecure-skip-tls-verify: true}}]\n" + strings.Replace(rest, "token: ", "username: x, password: pw, token: ", 1), want: "more than one authentication method"},
		"missing token":    {text: "clusters: [{name: c, cluster: {server: 'https://a', insecure-skip-tls-verify: true}}]\n" + strings.Replace(rest, "token: ", "tokenFile: /does/not/exist/", 1), want: "no such file"},
		"CA and insecure":  {text: "clusters: [{name: c, cluster: {server: 'https://a', insecure-skip-tls-verify: true, certificate-authority-data: YQ==}}]\n" + rest, want: "insecure"},
		"relative proxy":   {text: "clusters: [{name: c, cluster: {server: 'https://a', proxy-url: '::'}}]\n" + rest, want: "proxy"},
		"larger than ever": {text: strings.Repeat("#", maxFile+1), want: "more than 4194304 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := writeKubeconfig(t, tt.text)
			c := open(t, file)
			err := c.Check()
			if name == "missing token" {
				secretPath := "/does/not/exist/" + secret
				if err == nil || !strings.Contains(err.Error(), secretPath) {
					t.Errorf("error %v does not name %s", err, secretPath)
				}
				return
			}
			fails(t, err, plan.ErrUnavailable, tt.want, file)
			if strings.Contains(err.Error(), secret[:12]) {
				t.Errorf("error %q gives the token away", err)
			}
		})
	}
	_, err := open(t, filepath.Join(t.TempDir(), "missing")).Pod(within(t, time.Second), "default", "a")
	fails(t, err, plan.ErrUnavailable, "no such file or directory")
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

func TestHangingExecPlugin(t *testing.T) {
	file := kubeconfig(t, fmt.Sprintf("server: %q, insecure-skip-tls-verify: true", "https://"+unused(t)),
		`exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sleep, args: ["3"]}`)
	began := time.Now()
	_, err := open(t, file).Pod(within(t, 300*time.Millisecond), "default", "a")
	fails(t, err, plan.ErrUnavailable, "does /bin/sleep hang", file)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the plugin held the request up for %s", took)
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
