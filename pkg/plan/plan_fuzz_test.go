package plan_test

import (
	"context"
	"testing"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// FuzzPlan takes a definition's text and a pod's annotations through the whole
// planner.
func FuzzPlan(f *testing.F) {
	f.Add(`{"cniVersion":"1.0.0","type":"macvlan"}`, "a,a@x0", "")
	f.Add(`{"plugins":[{"type":"macvlan","capabilities":{"mac":true}}]}`, `[{"name":"a","mac":"02:00:00:00:00:01"}]`, "a")
	f.Add(`{"type":"multus","args":{"cni":[]}}`, `[{"name":"a","cni-args":{"x":{}}}]`, `[{"name":"a","ips":["::1"]}]`)
	f.Add(`{{{`, "a@net0,a,a@net1", "[{}]")
	f.Add(``, "../a", `"`)
	f.Add(`{"type":"a","TYPE":"multus","ipam":{"type":"multus"}}`, "a@eth0", "a@eth0")
	planner := planner(f, nil)
	planner.Conf.Type, planner.Conf.MultusNamespace, planner.Conf.LegacyNetworks = "multus-shim", "kube-system", true
	planner.Conf.ConfDir, planner.Conf.UnsupportedRequests = netconf.Dir{f.TempDir()}, config.UnsupportedLegacy
	f.Fuzz(func(t *testing.T, definition, networks, other string) {
		planner := planner
		planner.Definitions = always{definition}
		for _, key := range []string{plan.DefaultNetworkKey, plan.LegacyNetworksKey} {
			pod := web(networks)
			pod.Annotations[key] = other
			made, err := planner.Plan(t.Context(), sandbox, pod)
			if (err == nil) != (len(made.Attachments) > 0) {
				t.Errorf("%d attachments, error %v", len(made.Attachments), err)
			}
			if err != nil && len(err.Error()) > fault.MaxText {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			checkPlan(t, made)
			salvaged, _ := planner.Salvage(t.Context(), sandbox, pod)
			checkPlan(t, salvaged)
		}
	})
}

// always answers every ref with the same configuration.
type always struct{ text string }

func (a always) Definitions(_ context.Context, _ string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := make(map[plan.Ref]plan.Answer)
	for _, ref := range refs {
		answers[ref] = plan.Answer{Definition: plan.Definition{Config: a.text}}
	}
	return answers
}
