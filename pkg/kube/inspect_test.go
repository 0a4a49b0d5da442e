package kube

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const twoDefinitions = `{"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
	"metadata": {"name": "a", "namespace": "one", "annotations": {"k8s.v1.cni.cncf.io/resourceName": "r/s"}}, "spec": {"config": "{}"}}`

func TestInspect(t *testing.T) {
	s := cnitest.NewAPIServer(t, twoDefinitions,
		`{"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": {"name": "b", "namespace": "two"}}`)
	c := dial(t, s)

	server, err := c.Server(t.Context())
	if err != nil || server.Version != "v1.34.0" || server.Took <= 0 || time.Since(server.Time).Abs() > time.Minute {
		t.Errorf("Server: %+v, %v", server, err)
	}
	names, err := c.Resources(t.Context(), "k8s.cni.cncf.io", "v1")
	if diff := cmp.Diff([]string{"network-attachment-definitions"}, names); diff != "" || err != nil {
		t.Errorf("Resources: %v\n%s", err, diff)
	}
	if _, err := c.Resources(t.Context(), "k8s.cni.cncf.io", "v2"); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("Resources of a version that is not served: %v", err)
	}
	all, err := c.AllDefinitions(t.Context())
	want := map[plan.Ref]plan.Definition{{Namespace: "one", Name: "a"}: {Config: "{}", Resource: "r/s"}, {Namespace: "two", Name: "b"}: {}}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("AllDefinitions: %v\n%s", err, diff)
	}
}

func TestMay(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	s.Permit("patch pods/status", false)
	c := dial(t, s)
	for p, want := range map[Permission]bool{
		{Verb: "get", Resource: "pods"}:                                                     true,
		{Verb: "patch", Resource: "pods", Subresource: "status"}:                            false,
		{Verb: "get", Group: "k8s.cni.cncf.io", Resource: "network-attachment-definitions"}: true,
		{Verb: "list", Resource: "secrets"}:                                                 false,
	} {
		if got, err := c.May(t.Context(), p); err != nil || got != want {
			t.Errorf("May %s: %t, %v", p, got, err)
		}
	}
}

func TestServerRefuses(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	c := dial(t, s)
	s.SetToken("another")
	if _, err := c.Server(t.Context()); !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("with an old token: %v", err)
	}
	s.Close()
	if _, err := c.Server(t.Context()); !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("where nobody answers: %v", err)
	}
}

func TestCredential(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	dir := t.TempDir()
	kubeconfig, token := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "token")
	cnitest.Must(t, os.WriteFile(token, []byte(jwt(`{"iat": 1000, "exp": 4600}`)), 0o600))
	cnitest.Must(t, s.WriteKubeconfig(kubeconfig, map[string]string{"tokenFile": token}))
	c := open(t, kubeconfig)
	got, err := c.Credential()
	want := Credential{Name: "token from " + token, Files: []string{kubeconfig, token}, Issued: time.Unix(1000, 0), Expires: time.Unix(4600, 0)}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	cnitest.Must(t, os.Remove(token))
	if _, err := c.Credential(); !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("without the token: %v", err)
	}
}
