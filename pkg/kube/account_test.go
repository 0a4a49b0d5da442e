package kube

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const nodeOne = `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","uid":"node-uid"}}`

func tokenOf(t *testing.T, s *cnitest.APIServer, node Identity) (Identity, error) {
	t.Helper()
	token, err := dial(t, s).Token(within(t, 5*time.Second), plan.Ref{Namespace: "kube-system", Name: "multus"}, node, time.Hour)
	return IdentityOf(token), err
}

func TestToken(t *testing.T) {
	s := cnitest.NewAPIServer(t, nodeOne)
	got, err := tokenOf(t, s, Identity{Node: "n1", NodeUID: "node-uid"})
	cnitest.Must(t, err)
	if left := got.Expires.Sub(got.Issued); left != time.Hour {
		t.Errorf("it lasts %s", left)
	}
	got.Issued, got.Expires = time.Time{}, time.Time{}
	if diff := cmp.Diff(Identity{Namespace: "kube-system", Account: "multus", Node: "n1", NodeUID: "node-uid"}, got); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	if got, err := tokenOf(t, s, Identity{}); err != nil || got.Node != "" || got.Account != "multus" {
		t.Errorf("unbound: %+v, %v", got, err)
	}
	for _, node := range []Identity{{Node: "none"}, {Node: "n1", NodeUID: "another"}} {
		if _, err := tokenOf(t, s, node); !errors.Is(err, ErrDenied) {
			t.Errorf("%+v: %v", node, err)
		}
	}
	for fault, denied := range map[string]bool{"403 POST times=1": true, "401 POST": false, "503 POST": false} {
		s.Heal()
		f, err := cnitest.ParseFault(fault)
		cnitest.Must(t, err)
		s.Fail(f)
		_, err = dial(t, s).Token(within(t, 300*time.Millisecond), plan.Ref{Namespace: "kube-system", Name: "multus"}, Identity{}, time.Hour)
		if err == nil || errors.Is(err, ErrDenied) != denied {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

func TestIdentityOf(t *testing.T) {
	token := cnitest.AccountToken("ns", "sa", time.Minute, map[string]any{"pod": map[string]any{"name": "p"}, "node": map[string]any{"name": "n", "uid": "u"}})
	got := IdentityOf(token + "\n")
	if got.Namespace != "ns" || got.Account != "sa" || got.Pod != "p" || got.Node != "n" || got.NodeUID != "u" || got.Expires.Before(time.Now()) {
		t.Errorf("%+v", got)
	}
	for _, odd := range []string{"", "opaque", "a.b.c", cnitest.JWT(map[string]any{"exp": -1, "sub": "system:node:n"})} {
		if got := IdentityOf(odd); got != (Identity{}) {
			t.Errorf("%q: %+v", odd, got)
		}
	}
}

// TestAccount: the token is read anew where it was not accepted.
func TestAccount(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	dir := t.TempDir()
	for file, content := range map[string][]byte{"token": []byte("old"), "ca.crt": s.CA()} {
		cnitest.Must(t, os.WriteFile(filepath.Join(dir, file), content, 0o600))
	}
	c := Account(s.URL(), dir)
	t.Cleanup(c.Close)
	if _, err := c.Pod(within(t, 5*time.Second), "default", "a"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("error %v", err)
	}
	cnitest.Must(t, os.WriteFile(filepath.Join(dir, "token"), []byte(cnitest.Token), 0o600))
	if _, err := c.Pod(within(t, 5*time.Second), "default", "a"); err != nil {
		t.Error(err)
	}
	if n := len(s.Matching(http.MethodGet, "*")); n < 3 {
		t.Errorf("%d requests", n)
	}
}
