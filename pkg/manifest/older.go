package manifest

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/plan"
)

// DefinitionsFunc has an answer for every ref.
type DefinitionsFunc func(plan.Ref) plan.Answer

// Definitions answers every ref.
func (f DefinitionsFunc) Definitions(_ context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := make(map[plan.Ref]plan.Answer, len(refs))
	for _, ref := range refs {
		answers[ref] = f(ref)
	}
	return answers
}

// Anything is a network that does all that a pod can ask for. It stands for one
// that is not to be judged.
func Anything(plan.Ref) plan.Answer {
	return plan.Answer{Definition: plan.Definition{Config: `{"cniVersion": "1.1.0", "type": "any", "capabilities": ` +
		`{"ips": true, "mac": true, "portMappings": true, "bandwidth": true, "infinibandGUID": true, "deviceID": true}}`}}
}

// Older are the older Network objects that a pod selects. They are what the
// planner says, so that the annotation is read here as it is when the pod starts.
func Older(ctx context.Context, pod plan.Pod) (refs []plan.Ref, warnings []string, err error) {
	if SelectsNothing(pod.Annotations[plan.LegacyNetworksKey]) {
		return nil, nil, nil
	}
	conf := config.Default()
	conf.LegacyNetworks = true
	planner := plan.Planner{Conf: conf, Definitions: DefinitionsFunc(Anything), Networks: DefinitionsFunc(Anything)}
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	for _, a := range made.Attachments {
		namespace, name, _ := strings.Cut(a.Network, "/")
		refs = append(refs, plan.Ref{Namespace: namespace, Name: name})
	}
	return refs, made.Warnings, err
}

// SelectsNothing tells an annotation that counts as absent.
func SelectsNothing(text string) bool {
	text = strings.TrimSpace(text)
	var elements []json.RawMessage
	return text == "" || text[0] == '[' && json.Unmarshal([]byte(text), &elements) == nil && len(elements) == 0
}
