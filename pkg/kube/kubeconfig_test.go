package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// Every field of a kubeconfig is judged by what arrives at the server.
func TestKubeconfigFields(t *testing.T) {
	g := newGate(t, true)
	inFile, inData := newPair(t, "in-file"), newPair(t, "in-data")
	files := map[string]string{
		"ca.crt": g.ca(), "token": "t-file\n", "blank": " \n",
		"client.crt": inFile.cert, "client.key": inFile.key,
	}
	certFiles := "client-certificate: client.crt, client-key: client.key"
	certData := "client-certificate-data: " + b64(inData.cert) + ", client-key-data: " + b64(inData.key)
	file := "certificate-authority: ca.crt"
	fails := `, exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /does/not/exist}`
	tests := map[string]struct {
		cluster, user string
		want          arrival
	}{
		"nobody":                     {cluster: file},
		"token":                      {cluster: file, user: `token: " t-text\n"`, want: arrival{Authorization: "Bearer t-text"}},
		"token file":                 {cluster: file, user: "tokenFile: token", want: arrival{Authorization: "Bearer t-file"}},
		"token file before token":    {cluster: file, user: "token: t-text, tokenFile: token", want: arrival{Authorization: "Bearer t-file"}},
		"token, no file":             {cluster: file, user: "token: t-text, tokenFile: missing", want: arrival{Authorization: "Bearer t-text"}},
		"token, blank file":          {cluster: file, user: "token: t-text, tokenFile: blank", want: arrival{Authorization: "Bearer t-text"}},
		"certificate files":          {cluster: file, user: certFiles, want: arrival{Certificate: "in-file"}},
		"certificate data":           {cluster: file, user: certData, want: arrival{Certificate: "in-data"}},
		"certificate, key in file":   {cluster: file, user: "client-certificate-data: " + b64(inFile.cert) + ", client-key: client.key", want: arrival{Certificate: "in-file"}},
		"certificate before exec":    {cluster: file, user: certFiles + fails, want: arrival{Certificate: "in-file"}},
		"certificate and token":      {cluster: file, user: certFiles + ", token: t-text", want: arrival{Certificate: "in-file", Authorization: "Bearer t-text"}},
		"certificate and password":   {cluster: file, user: certFiles + ", username: me, password: pw", want: arrival{Certificate: "in-file", Authorization: "Basic " + b64("me:pw")}},
		"key without certificate":    {cluster: file, user: "client-key: client.key"},
		"password":                   {cluster: file, user: "username: me, password: pw", want: arrival{Authorization: "Basic " + b64("me:pw")}},
		"authority data":             {cluster: "certificate-authority-data: " + b64(g.ca()), user: "token: x", want: arrival{Authorization: "Bearer x"}},
		"insecure":                   {cluster: "insecure-skip-tls-verify: true", user: "token: x", want: arrival{Authorization: "Bearer x"}},
		"server name":                {cluster: file + ", tls-server-name: example.com", want: arrival{ServerName: "example.com"}},
		"server name, insecure":      {cluster: "insecure-skip-tls-verify: true, tls-server-name: some.name", want: arrival{ServerName: "some.name"}},
		"as with everything":         {cluster: file, user: "as: jane, as-uid: u-1, as-groups: [a, b], as-user-extra: {why: [x, z]}", want: arrival{As: map[string][]string{"Impersonate-User": {"jane"}, "Impersonate-Uid": {"u-1"}, "Impersonate-Group": {"a", "b"}, "Impersonate-Extra-Why": {"x", "z"}}}},
		"unknown and foreign fields": {cluster: file + ", colour: red, extensions: [{name: x, extension: {a: 1}}]", user: "token: x, colour: red", want: arrival{Authorization: "Bearer x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, fmt.Sprintf("server: %q, ", g.server.URL)+tt.cluster, tt.user)
			for name, text := range files {
				beside(t, config, name, text)
			}
			before := len(g.seen())
			cnitest.Must(t, reach(within(t, 5*time.Second), open(t, config)))
			if diff := cmp.Diff([]arrival{tt.want}, g.seen()[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A certificate whose file was replaced is presented with a new connection.
func TestClientCertificateRotates(t *testing.T) {
	t.Parallel()
	g := newGate(t, true)
	first, second := newPair(t, "first"), newPair(t, "second")
	config := kubeconfig(t, g.cluster(), "client-certificate: client.crt, client-key: client.key")
	beside(t, config, "client.crt", first.cert)
	beside(t, config, "client.key", first.key)
	c := open(t, config)
	cnitest.Must(t, reach(within(t, 5*time.Second), c))
	beside(t, config, "client.crt", second.cert)
	beside(t, config, "client.key", second.key)
	g.refuse = func(a arrival) bool { return a.Certificate == "first" }
	cnitest.Must(t, reach(within(t, 5*time.Second), c))
	if diff := cmp.Diff([]arrival{{Certificate: "first"}, {Certificate: "first"}, {Certificate: "second"}}, g.seen()); diff != "" {
		t.Error(diff)
	}
}

// Without TLS nothing is sent that could be overheard to use it. As for
// client-go, a server without a scheme has none.
func TestNoCredentialsWithoutTLS(t *testing.T) {
	g := newGate(t, false)
	pair := newPair(t, "me")
	g.refuse = func(a arrival) bool { return a.As == nil }
	users := map[string]string{
		"token":       "token: x",
		"token file":  "tokenFile: token",
		"password":    "username: me, password: pw",
		"certificate": "client-certificate-data: " + b64(pair.cert) + ", client-key-data: " + b64(pair.key),
		"exec":        `exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /does/not/exist}`,
	}
	for name, user := range users {
		for _, server := range []string{g.server.URL, strings.TrimPrefix(g.server.URL, "http://")} {
			t.Run(name+" to "+server, func(t *testing.T) {
				before := len(g.seen())
				config := kubeconfig(t, fmt.Sprintf("server: %q", server), user+", as: jane")
				beside(t, config, "token", "x")
				cnitest.Must(t, reach(within(t, time.Second), open(t, config)))
				config = kubeconfig(t, fmt.Sprintf("server: %q", server), user)
				beside(t, config, "token", "x")
				fails(t, reach(within(t, time.Second), open(t, config)), plan.ErrUnavailable, "anonymous without https")
				want := []arrival{{As: map[string][]string{"Impersonate-User": {"jane"}}}, {}, {}}
				if diff := cmp.Diff(want, g.seen()[before:]); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func FuzzKubeconfig(f *testing.F) {
	for _, seed := range []string{
		"", "{", "{}", "[]", "null", "0", "\x00", "a: b: c", "? {a: b} : c", "~: x", "*x", "&a [*a]", "{\"clusters\": [null]}",
		"users: [{name: u, user: {token: 1e400}}]", "clusters: {}", "clusters: [{name: c, cluster: {certificate-authority-data: '*'}}]",
		"clusters: [{name: c, cluster: {server: 'https://a:b@c:d'}}]\nusers: [{name: u, user: {exec: {command: a/b}}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "kubeconfig")
		cnitest.Must(t, os.WriteFile(file, data, 0o600))
		l, err := (&Client{kubeconfig: file}).newLink()
		if err == nil && l.base.Scheme != "https" && l.base.Scheme != "http" {
			t.Errorf("server %s", l.shown)
		}
	})
}
