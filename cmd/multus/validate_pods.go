package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// pod checks the annotations of a pod, or of a workload's pods, and whether the
// networks that it selects can do what it asks of them.
func (v *validation) pod(ctx context.Context, o manifest.Object) {
	pod, err := v.objects.Pod(ctx, o.Namespace, o.Name)
	if err != nil {
		v.fault(o, "", err)
		return
	}
	conf := v.conf
	conf.AllowedPlugins = nil // the networks' own fault, if it is one
	planner := plan.Planner{
		Conf:        conf,
		Definitions: definitionsFunc(func(ref plan.Ref) plan.Definition { return v.usable(ctx, v.objects, ref) }),
		Networks:    definitionsFunc(func(ref plan.Ref) plan.Definition { return v.usable(ctx, v.objects.Networks(), ref) }),
	}
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	v.fault(o, "", unnamed(pod, err))
	for _, w := range made.Warnings {
		if !strings.HasPrefix(w, "network ") { // told of the network itself
			v.warn(o, w)
		}
	}
	v.references(ctx, o, pod)
}

// usable is the definition as far as pods are concerned: what is wrong with it is
// told of the definition, what is missing of the reference, and which devices the
// kubelet will give a pod nobody knows.
func (v *validation) usable(ctx context.Context, from plan.Definitions, ref plan.Ref) plan.Definition {
	answer := from.Definitions(ctx, []plan.Ref{ref})[ref]
	def := plan.Definition{Config: answer.Definition.Config}
	list, _, err := netconf.Parse([]byte(def.Config), ref.Name)
	if answer.Err != nil || err != nil || runsMultus(list) {
		return lenient()
	}
	return def
}

func runsMultus(list netconf.List) bool {
	for _, p := range list.Plugins() {
		for _, binary := range p.Runs() {
			if strings.HasPrefix(binary, "multus") {
				return true
			}
		}
	}
	return false
}

// references warns of networks that are not among the files.
func (v *validation) references(ctx context.Context, o manifest.Object, pod plan.Pod) {
	for _, a := range []struct{ key, namespace string }{
		{defaultNetworkKey, v.conf.MultusNamespace}, {networksKey, pod.Namespace},
	} {
		annotation := plan.Annotation{Key: a.key, Text: pod.Annotations[a.key], Namespace: a.namespace, DeviceIDs: true}
		selections, _, _ := annotation.Selections() // its faults were told
		for _, s := range selections {
			v.reference(ctx, o, reference{key: a.key, selection: s, from: v.objects})
		}
	}
	if text := pod.Annotations[legacyKey]; !selectsNothing(text) && !v.conf.LegacyNetworks {
		v.warn(o, fmt.Sprintf("annotation %s: means nothing: legacyNetworks is not switched on in a multus configuration among the files", legacyKey))
		return
	}
	refs, _, _ := selectedObjects(ctx, plan.Pod{
		Namespace: pod.Namespace, Name: pod.Name, Annotations: map[string]string{legacyKey: pod.Annotations[legacyKey]},
	})
	for i, ref := range refs {
		v.reference(ctx, o, reference{key: legacyKey, selection: plan.Selection{Position: i + 1, Ref: ref}, from: v.objects.Networks()})
	}
}

// reference is one place where a pod names a network.
type reference struct {
	key       string
	selection plan.Selection
	from      plan.Definitions
}

func (v *validation) reference(ctx context.Context, o manifest.Object, r reference) {
	ref := r.selection.Ref
	err := r.from.Definitions(ctx, []plan.Ref{ref})[ref].Err
	if err == nil || v.faulty(ref) {
		return
	}
	v.warn(o, fmt.Sprintf("annotation %s, %s: %v", r.key, r.selection, err))
}

// faulty tells whether the files have a network of that name that could not be read.
func (v *validation) faulty(ref plan.Ref) bool {
	for _, f := range v.faults {
		if strings.Contains(f, ": "+kindDefinition+" "+ref.String()+": ") || strings.Contains(f, ": "+kindNetwork+" "+ref.String()+": ") {
			return true
		}
	}
	return false
}

// stripped takes a prefix off each fault: what it names is named already.
func stripped(prefix string, err error) error {
	var all []error
	for _, f := range separate(err) {
		if text, cut := strings.CutPrefix(f.Error(), prefix); cut {
			f = errors.New(text)
		}
		all = append(all, f)
	}
	return errors.Join(all...)
}

// unnamed takes the pod's name off an error: the object is named already.
func unnamed(pod plan.Pod, err error) error { return stripped("pod "+pod.String()+": ", err) }
