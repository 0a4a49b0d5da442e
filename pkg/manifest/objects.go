package manifest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/multus-cni/multus/pkg/plan"
)

// Objects are the Kubernetes objects and the Multus configuration of a set of
// files. They take the API server's place: Objects is a plan.Definitions and a
// multus.Cluster.
type Objects struct {
	// Warnings name what was left out, each with its place.
	Warnings []string

	all   []Object
	known map[string]map[plan.Ref]plan.Definition // the networks, by kind
}

// All are the pods, workloads, NetworkAttachmentDefinitions, older Network objects
// and the Multus configuration, in the order of the files.
func (o *Objects) All() []Object { return slices.Clone(o.all) }

// Pods are the pods, and a pod for each template of a workload, in the order of
// the files. Every one of them has a UID.
func (o *Objects) Pods() []plan.Pod {
	var pods []plan.Pod
	for _, object := range o.all {
		if !object.Pod.IsZero() {
			pods = append(pods, object.Pod)
		}
	}
	return pods
}

// Conf is the Multus configuration, as JSON.
func (o *Objects) Conf() (conf []byte, given bool) {
	for _, object := range o.all {
		if object.Kind == "" {
			return []byte(object.Config.Value), true
		}
	}
	return nil, false
}

// Find finds what the files define, of a kind.
func (o *Objects) Find(kind string, ref plan.Ref) plan.Answer {
	if def, found := o.known[kind][ref]; found {
		return plan.Answer{Definition: def}
	}
	var names []string
	for other := range o.known[kind] {
		names = append(names, other.String())
	}
	slices.Sort(names)
	return plan.Answer{Err: missing(ref.String(), kind, names)}
}

// Definitions finds all of them.
func (o *Objects) Definitions(ctx context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	return Lookup(o.Find).Definitions(ctx, kind, refs)
}

// Lookup is a plan.Definitions that answers one ref after the other.
type Lookup func(kind string, ref plan.Ref) plan.Answer

// Definitions answers every ref.
func (l Lookup) Definitions(_ context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := make(map[plan.Ref]plan.Answer, len(refs))
	for _, ref := range refs {
		answers[ref] = l(kind, ref)
	}
	return answers
}

// Pod is the pod of that name.
func (o *Objects) Pod(_ context.Context, namespace, name string) (plan.Pod, error) {
	want := plan.Pod{Namespace: namespace, Name: name}.String()
	var names []string
	for _, p := range o.Pods() {
		if p.String() == want {
			return p, nil
		}
		names = append(names, p.String())
	}
	return plan.Pod{}, fmt.Errorf("pod %s: %w", want, missing(want, "pod", names))
}

// Publish does nothing: status and events go nowhere.
func (o *Objects) Publish(context.Context, plan.Pod, []byte, string) error { return nil }

// Check is nil: files are always there.
func (o *Objects) Check() error { return nil }

// uidOf makes up the UID of a pod that has none. It is the same for the same pod
// in every run, so that records can be compared.
func uidOf(namespace, name string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte("pod "+namespace+"/"+name)))[:32]
}
