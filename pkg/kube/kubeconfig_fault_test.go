package kube

import (
	"fmt"
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
		"odd server":             {cluster: "server: 'https://x:geheim@h:p'", want: "cluster.server: no URL"},
		"other scheme":           {cluster: "server: 'ftp://x:geheim@h'", want: "cluster.server: no URL"},
		"host with a path":       {cluster: "server: 'h:6443/path'", want: "cluster.server: no URL"},
		"no host":                {cluster: "server: 'https:///geheim'", want: "cluster.server: no URL"},
		"odd proxy":              {cluster: https + ", proxy-url: 'http://x:geheim@h:p'", want: "cluster.proxy-url: no URL"},
		"other proxy":            {cluster: https + ", proxy-url: 'ftp://x:geheim@h'", want: "cluster.proxy-url: no URL"},
		"authority no base64":    {cluster: https + ", certificate-authority-data: '*'", want: "no kubeconfig: illegal base64"},
		"authority a list":       {cluster: https + ", certificate-authority: [geheim]", want: "clusters.cluster.certificate-authority: a string is expected"},
		"authority insecure":     {cluster: https + ", insecure-skip-tls-verify: true, certificate-authority: multus.kubeconfig", want: "insecure"},
		"insecure in quotes":     {cluster: https + ", insecure-skip-tls-verify: 'true'", want: "clusters.cluster.insecure-skip-tls-verify: true or false is expected"},
		"number as token":        {cluster: https, user: "token: 1234567890123", want: "users.user.token: a string is expected; put numbers"},
		"groups a string":        {cluster: https, user: "as: x, as-groups: geheim", want: "users.user.as-groups: a list is expected"},
		"exec a string":          {cluster: https, user: "exec: geheim", want: "users.user.exec: an object is expected"},
		"empty token file":       {cluster: https, user: "tokenFile: /dev/null", want: "user.tokenFile: /dev/null is empty"},
		"endless token file":     {cluster: https, user: "tokenFile: /dev/zero", want: "user.tokenFile: read /dev/zero: larger than 1 MiB"},
		"token and user":         {cluster: https, user: "tokenFile: /dev/null, username: x", want: "more than one authentication method"},
		"token and password":     {cluster: https, user: "token: geheim, password: geheim", want: "more than one authentication method"},
		"certificate, no key":    {cluster: https, user: "client-certificate: /dev/null", want: "a client-certificate without a client-key"},
		"certificate missing":    {cluster: https, user: "client-certificate: /does/not/exist, client-key: x", want: "/does/not/exist"},
		"certificate broken":     {cluster: https, user: "client-certificate-data: Z2VoZWlt, client-key-data: Z2VoZWlt", want: "certificates: "},
		"certificate file empty": {cluster: https, user: "client-certificate: multus.kubeconfig, client-key: multus.kubeconfig", want: "certificates: client-certificate: "},
		"foreign key":            {cluster: https, user: "client-certificate-data: " + b64(me.cert) + ", client-key-data: " + b64(other.key), want: "certificates: "},
		"as nobody":              {cluster: https, user: "as-groups: [a]", want: "without as"},
		"as nobody's UID":        {cluster: https, user: "as-uid: a", want: "without as"},
		"as nobody's extra":      {cluster: https, user: "as-user-extra: {a: [b]}", want: "without as"},
		"auth provider":          {cluster: https, user: "token: geheim, auth-provider: {name: gcp, config: {access-token: geheim}}", want: `user.auth-provider "gcp": not supported`},
		"exec no command":        {cluster: https, user: exec(v1 + "interactiveMode: Never"), want: "user.exec.command: missing"},
		"exec NUL":               {cluster: https, user: exec(v1 + `interactiveMode: Never, command: "a\0b"`), want: "user.exec.command: a NUL"},
		"exec no version":        {cluster: https, user: exec("interactiveMode: Never, command: x"), want: `user.exec.apiVersion "": not supported`},
		"exec old version":       {cluster: https, user: exec("apiVersion: client.authentication.k8s.io/v1alpha1, command: x"), want: "v1alpha1"},
		"exec no mode":           {cluster: https, user: exec(v1 + "command: x"), want: "user.exec.interactiveMode: missing"},
		"exec odd mode":          {cluster: https, user: exec(v1 + "command: x, interactiveMode: never"), want: `user.exec.interactiveMode "never"`},
		"exec at a terminal":     {cluster: https, user: exec(v1 + "command: x, interactiveMode: Always"), want: "user.exec.interactiveMode Always: a CNI plugin has no terminal"},
		"exec nameless variable": {cluster: https, user: exec(v1 + "command: x, interactiveMode: Never, env: [{name: A, value: b}, {value: geheim}]"), want: `user.exec.env[1].name ""`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, tt.cluster, tt.user)
			err := open(t, config).Ready(within(t, time.Second))
			fails(t, err, plan.ErrUnavailable, tt.want, config)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q gives a secret away", err)
			}
		})
	}
}

// What leads nowhere, or to two places.
func TestContextFaults(t *testing.T) {
	const (
		cluster = "{name: c, cluster: {server: 'https://127.0.0.1:1'}}"
		user    = "{name: u, user: {token: geheim}}"
		context = "{name: x, context: {cluster: c, user: u}}"
	)
	tests := map[string]struct{ clusters, users, contexts, want string }{
		"two clusters": {cluster + ", " + cluster, user, context, `context "x": there is more than one cluster "c"`},
		"two users":    {cluster, user + ", " + user, context, `context "x": there is more than one user "u"`},
		"two contexts": {cluster, user, context + ", " + context, `current-context: there is more than one context "x"`},
		"no user":      {cluster, user, "{name: x, context: {cluster: c}}", `context "x": there is no user ""`},
		"unnamed user": {cluster, "{user: {token: geheim}}", "{name: x, context: {cluster: c}}", `context "x": there is no user ""`},
		"no cluster":   {cluster, user, "{name: x, context: {user: u}}", `context "x": there is no cluster ""`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := writeKubeconfig(t, fmt.Sprintf("clusters: [%s]\nusers: [%s]\ncontexts: [%s]\ncurrent-context: x\n", tt.clusters, tt.users, tt.contexts))
			fails(t, open(t, config).Ready(within(t, time.Second)), plan.ErrUnavailable, tt.want, config)
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
			err := open(t, config).Ready(within(t, time.Second))
			fails(t, err, plan.ErrUnavailable, config)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %q repeats the text", err)
			}
		})
	}
}
