package kube

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

func TestWants(t *testing.T) {
	affinity := func(term string) string {
		return `"template":{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[` + term + `]}}}}}`
	}
	const inZone = `{"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}]}`
	tests := map[string]struct {
		meta, spec string
		want       bool
	}{
		"it exists":              {"", "", true},
		"it is being deleted":    {`,"deletionTimestamp":"2026-01-02T03:04:05Z"`, "", false},
		"a selector":             {"", `"template":{"spec":{"nodeSelector":{"zone":"a"}}}`, true},
		"another selector":       {"", `"template":{"spec":{"nodeSelector":{"zone":"b"}}}`, false},
		"an affinity":            {"", affinity(inZone), true},
		"another affinity":       {"", affinity(`{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]}`), false},
		"one of two terms":       {"", affinity(`{"matchExpressions":[{"key":"zone","operator":"DoesNotExist"}]},` + inZone), true},
		"its name":               {"", affinity(`{"matchFields":[{"key":"metadata.name","operator":"In","values":["n2"]}]}`), false},
		"numbers":                {"", affinity(`{"matchExpressions":[{"key":"cpus","operator":"Gt","values":["3"]}]}`), true},
		"too few":                {"", affinity(`{"matchExpressions":[{"key":"cpus","operator":"Gt","values":["4"]}]}`), false},
		"an empty term":          {"", affinity(`{}`), false},
		"an operator of its own": {"", affinity(`{"matchExpressions":[{"key":"zone","operator":"Near","values":["x"]}]}`), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := cnitest.NewAPIServer(t,
				`{"kind":"DaemonSet","apiVersion":"apps/v1","metadata":{"name":"multus","namespace":"kube-system"`+tt.meta+`},"spec":{`+tt.spec+`}}`,
				strings.Replace(nodeOne, `"uid"`, `"labels":{"zone":"a","cpus":"4"},"uid"`, 1))
			c := dial(t, s)
			set := plan.Ref{Namespace: "kube-system", Name: "multus"}
			if got, err := c.Wants(within(t, 5*time.Second), set, "n1"); err != nil || got != tt.want {
				t.Errorf("%t, %v, want %t", got, err, tt.want)
			}
			s.Fail(cnitest.Fault{Path: "/api/v1/nodes/*", Status: http.StatusForbidden})
			if got, err := c.Wants(within(t, 5*time.Second), set, "n1"); err != nil || got != (tt.meta == "") {
				t.Errorf("where nodes may not be read: %t, %v", got, err)
			}
		})
	}
	s := cnitest.NewAPIServer(t)
	if got, err := dial(t, s).Wants(within(t, 5*time.Second), plan.Ref{Namespace: "kube-system", Name: "multus"}, "n1"); err != nil || got {
		t.Errorf("there is none: %t, %v", got, err)
	}
	s.Fail(cnitest.Fault{Status: http.StatusForbidden})
	if _, err := dial(t, s).Wants(within(t, 5*time.Second), plan.Ref{Namespace: "kube-system", Name: "multus"}, "n1"); !errors.Is(err, ErrDenied) {
		t.Errorf("forbidden: %v", err)
	}
	s.Close()
	if _, err := dial(t, s).Wants(within(t, time.Second), plan.Ref{Namespace: "kube-system", Name: "multus"}, "n1"); err == nil || errors.Is(err, ErrDenied) {
		t.Errorf("away: %v", err)
	}
}
