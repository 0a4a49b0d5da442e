package kube

import (
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/plan"
)

// What is wrong in a cluster or user is said before anything is sent.
func TestFieldFaults(t *testing.T) {
	const https = "server: 'https://127.0.0.1:1'"
	me, other := newPair(t, "me"), newPair(t, "other")
	exec := func(fields string) string { return "exec: {" + fields + "}" }
	const v1 = "apiVersion: client.authentication.k8s.io/v1, "
	tests := map[string]struct{ cluster, user, want string }{
		"no server":              {user: "token: geheim", want: "cluster.server: missing"},
		"authority missing":      {cluster: https + ", certificate-authority: /does/not/exist", want: "/does/not/exist"},
		"authority broken":       {cluster: https + ", certificate-authority-data: YQ==", want: "root certificates"},
		"token file missing":     {cluster: https, user: "tokenFile: /does/not/exist", want: "/does/not/exist: no such file"},
		"odd server":             {cluster: "server: 'https://x:geheim@h:p'", want: "cluster.server: no URL"},
		"host with a path":       {cluster: "server: 'h:6443/path'", want: "cluster.server: no URL"},
		"no host":                {cluster: "server: 'https:///geheim'", want: "cluster.server: no URL"},
		"odd proxy":              {cluster: https + ", proxy-url: 'http://x:geheim@h:p'", want: "cluster.proxy-url: no URL"},
		"other proxy":            {cluster: https + ", proxy-url: 'ftp://x:geheim@h'", want: "cluster.proxy-url: no URL"},
		"authority no base64":    {cluster: https + ", certificate-authority-data: '*'", want: "no kubeconfig"},
		"authority a list":       {cluster: https + ", certificate-authority: [geheim]", want: "no kubeconfig"},
		"authority insecure":     {cluster: https + ", insecure-skip-tls-verify: true, certificate-authority: multus.kubeconfig", want: "insecure"},
		"insecure in quotes":     {cluster: https + ", insecure-skip-tls-verify: 'true'", want: "no kubeconfig"},
		"number as token":        {cluster: https, user: "token: 1234567890123", want: "no kubeconfig"},
		"groups a string":        {cluster: https, user: "as: x, as-groups: geheim", want: "no kubeconfig"},
		"exec a string":          {cluster: https, user: "exec: geheim", want: "no kubeconfig"},
		"empty token file":       {cluster: https, user: "tokenFile: empty", want: "/empty is empty"},
		"endless token file":     {cluster: https, user: "tokenFile: /dev/zero", want: "user: read /dev/zero: a regular file is expected"},
		"token and user":         {cluster: https, user: "tokenFile: multus.kubeconfig, username: x", want: "not both"},
		"token and password":     {cluster: https, user: "token: geheim, password: geheim", want: "more than one authentication method"},
		"certificate, no key":    {cluster: https, user: "client-certificate: multus.kubeconfig", want: "client-key must be specified"},
		"certificate broken":     {cluster: https, user: "client-certificate-data: Z2VoZWlt, client-key-data: Z2VoZWlt", want: "certificate input"},
		"certificate file empty": {cluster: https, user: "client-certificate: multus.kubeconfig, client-key: multus.kubeconfig", want: "certificate input"},
		"foreign key":            {cluster: https, user: "client-certificate-data: " + b64(me.cert) + ", client-key-data: " + b64(other.key), want: "does not match"},
		"as nobody":              {cluster: https, user: "as-groups: [a]", want: "without impersonating a user"},
		"authority twice":        {cluster: https + ", certificate-authority: multus.kubeconfig, certificate-authority-data: Z2VoZWlt", want: "both specified"},
		"auth provider":          {cluster: https, user: "token: geheim, auth-provider: {name: gcp, config: {access-token: geheim}}", want: `no Auth Provider found for name "gcp"`},
		"exec no command":        {cluster: https, user: exec(v1 + "interactiveMode: Never"), want: "command must be specified"},
		"exec NUL":               {cluster: https, user: exec(v1 + `interactiveMode: Never, command: "a\0b"`), want: "user.exec.command: "},
		"exec nameless variable": {cluster: https, user: exec(v1 + "command: /bin/true, interactiveMode: Never, env: [{name: A, value: b}, {value: geheim}]"), want: "env variable name must be specified"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, tt.cluster, tt.user)
			beside(t, config, "empty", " \n")
			c := open(t, config)
			err := c.Check()
			if err == nil {
				err = reach(within(t, time.Second), c)
			}
			fails(t, err, plan.ErrUnavailable, tt.want, config)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q gives a secret away", err)
			}
		})
	}
}

// Parsers like to repeat what they do not understand; it may be a secret.
func TestOddTextIsNotRepeated(t *testing.T) {
	for name, text := range map[string]string{
		"text": "geheim", "list": "- geheim", "unknown anchor": "a: *geheim", "object as key": "? {geheim: geheim}\n: geheim",
		"list as key": "? [geheim]\n: geheim", "null as key": "~: geheim", "wrong tag": "a: !!int geheim", "own tag": "a: !geheim geheim\nb: !!geheim geheim",
		"two colons": "a: geheim: geheim", "tab": "a:\n\t- geheim", "JSON": `{"users": "geheim"}`, "broken JSON": `{"users": "geheim"`,
		"kind": "kind: geheim", "version": "apiVersion: geheim", "itself": "a: &geheim [*geheim]", "control": "a: \x01geheim",
	} {
		t.Run(name, func(t *testing.T) {
			config := writeKubeconfig(t, text)
			err := open(t, config).Check()
			fails(t, err, plan.ErrUnavailable, config)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q repeats the text", err)
			}
		})
	}
}
