package kube

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// jwt is a token that says when it expires.
func jwt(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestCheck(t *testing.T) {
	const cluster = "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true"
	past, soon := time.Now().Add(-time.Hour), time.Now().Add(-time.Second)
	tests := map[string]struct{ token, want string }{
		"opaque":           {token: "abc"},
		"opaque with dots": {token: "a.b.c"},
		"no expiry":        {token: jwt(`{"sub":"x"}`)},
		"expiry a word":    {token: jwt(`{"exp":"never"}`)},
		"valid":            {token: jwt(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(time.Hour).Unix()))},
		"within the skew":  {token: jwt(fmt.Sprintf(`{"exp":%d}`, soon.Unix()))},
		"expired":          {token: jwt(fmt.Sprintf(`{"exp":%d}`, past.Unix())), want: "expired at " + past.UTC().Format(time.RFC3339)},
		"expired, exact":   {token: jwt(fmt.Sprintf(`{"exp":%d.5}`, past.Unix())), want: "expired at "},
		"blank":            {token: " \n", want: "/token is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, cluster, "tokenFile: token")
			beside(t, config, "token", tt.token)
			err := open(t, config).Check()
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			fails(t, err, plan.ErrUnavailable, config, filepath.Join(filepath.Dir(config), "token"), tt.want)
			if strings.Contains(err.Error(), tt.token) {
				t.Errorf("error %q repeats the token", err)
			}
		})
	}
}

// Check looks anew each time.
func TestCheckSeesWhatChanged(t *testing.T) {
	config := kubeconfig(t, "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", "tokenFile: token")
	c := open(t, config)
	fails(t, c.Check(), plan.ErrUnavailable, "no such file")
	beside(t, config, "token", "abc")
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	beside(t, config, "multus.kubeconfig", "nothing")
	fails(t, c.Check(), plan.ErrUnavailable, "no kubeconfig")
}

// A pipe nobody writes to is an error at once, whatever file it stands for.
func TestPipesAreNotWaitedFor(t *testing.T) {
	cluster := "server: 'https://127.0.0.1:1'"
	tests := map[string]struct{ cluster, user string }{
		"kubeconfig":  {},
		"authority":   {cluster: cluster + ", certificate-authority: pipe", user: "token: x"},
		"token":       {cluster: cluster, user: "tokenFile: pipe"},
		"certificate": {cluster: cluster, user: "client-certificate: pipe, client-key: multus.kubeconfig"},
		"key":         {cluster: cluster, user: "client-certificate: multus.kubeconfig, client-key: pipe"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config := kubeconfig(t, tt.cluster, tt.user)
			pipe := filepath.Join(filepath.Dir(config), "pipe")
			cnitest.Must(t, syscall.Mkfifo(pipe, 0o600))
			if tt.cluster == "" {
				config = pipe
			}
			answers := make(chan error, 2)
			go func() {
				c := open(t, config)
				answers <- c.Check()
				answers <- reach(t.Context(), c)
			}()
			for range 2 {
				select {
				case err := <-answers:
					fails(t, err, plan.ErrUnavailable, "named pipe", config)
				case <-time.After(5 * time.Second):
					t.Fatal("it is waited for")
				}
			}
		})
	}
}

// What a request may be about, and under which path.
func TestRequestPath(t *testing.T) {
	claims := core("resourceclaims")
	claims.Group = "resource.k8s.io"
	tests := map[string]struct {
		q    request
		want string
	}{
		"object":      {q: request{verb: "get", resource: core("pods"), ref: plan.Ref{Namespace: "a", Name: "b"}}, want: "api/v1/namespaces/a/pods/b"},
		"group":       {q: request{verb: "get", resource: claims, ref: plan.Ref{Namespace: "a", Name: "b"}}, want: "apis/resource.k8s.io/v1/namespaces/a/resourceclaims/b"},
		"subresource": {q: request{verb: "patch", resource: core("pods"), subresource: "status", ref: plan.Ref{Namespace: "a", Name: "b"}}, want: "api/v1/namespaces/a/pods/b/status"},
		"create":      {q: request{verb: "create", resource: core("events"), ref: plan.Ref{Namespace: "a"}}, want: "api/v1/namespaces/a/events"},
		"of one":      {q: request{verb: "create", resource: core("serviceaccounts"), subresource: "token", ref: plan.Ref{Namespace: "a", Name: "b"}}, want: "api/v1/namespaces/a/serviceaccounts/b/token"},
		"list":        {q: request{verb: "list", resource: core("pods"), ref: plan.Ref{Namespace: "a"}}, want: "api/v1/namespaces/a/pods"},
		"list all":    {q: request{verb: "list", resource: core("pods")}, want: "api/v1/pods"},
		"no name":     {q: request{verb: "get", resource: core("pods"), ref: plan.Ref{Namespace: "a"}}},
		"way out":     {q: request{verb: "create", resource: core("events"), ref: plan.Ref{Namespace: ".."}}},
		"way out too": {q: request{verb: "create", resource: core("serviceaccounts"), subresource: "token", ref: plan.Ref{Namespace: "a", Name: "../b"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.q.path()
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
