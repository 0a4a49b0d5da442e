package lint

import (
	"context"
	"errors"
	"maps"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// pod checks the annotations of a pod, or of a workload's pods, and whether the
// networks that it selects can do what it asks of them.
func (c *checker) pod(ctx context.Context, o manifest.Object) {
	pod := o.Pod
	pod.Annotations = maps.Clone(pod.Annotations)
	for _, key := range []string{plan.DefaultNetworkKey, plan.NetworksKey} {
		if !c.annotation(ctx, o, key) {
			pod.Annotations[key] = "" // what is wrong with the others is told all the same
		}
	}
	c.older(ctx, o)
	conf := c.conf
	conf.AllowedPlugins = nil // the networks' own fault, if it is one
	planner := plan.Planner{
		Conf:        conf,
		Definitions: manifest.DefinitionsFunc(func(ref plan.Ref) plan.Answer { return usable(ctx, c.objects, ref) }),
		Networks:    manifest.DefinitionsFunc(func(ref plan.Ref) plan.Answer { return usable(ctx, c.objects.Networks(), ref) }),
	}
	_, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	c.faults(o, selectionPlace(o), err)
}

// selectionPlace is where a pod selects its networks.
func selectionPlace(o manifest.Object) string {
	for _, key := range []string{plan.NetworksKey, plan.DefaultNetworkKey, plan.LegacyNetworksKey} {
		if o.Annotations[key].Given() {
			return o.Annotations[key].Place()
		}
	}
	return o.Place
}

// annotation checks an annotation alone, and warns of networks that are not among
// the files. It tells whether the annotation can be read.
func (c *checker) annotation(ctx context.Context, o manifest.Object, key string) bool {
	text := o.Annotations[key]
	annotation := plan.Annotation{Key: key, Text: text.Value, Namespace: o.Namespace, DeviceIDs: c.conf.AllowPodDeviceID}
	if key == plan.DefaultNetworkKey {
		annotation.Namespace = c.conf.MultusNamespace
	}
	selections, warnings, err := annotation.Selections()
	for _, w := range warnings {
		c.warn(o, fault.Fault{Place: text.Place(), What: w})
	}
	c.faults(o, syntaxPlace(text, err), err)
	for _, s := range selections {
		c.reference(ctx, o, reference{key: key, selection: s, from: c.objects})
	}
	return err == nil
}

// syntaxPlace is where a text is no JSON, if that is what is wrong with it.
func syntaxPlace(text manifest.Text, err error) string {
	var syntax *rawjson.SyntaxError
	if errors.As(err, &syntax) {
		return text.PlaceOf(syntax.Line, syntax.Column)
	}
	return text.Place()
}

// older checks the annotation that selects older Network objects.
func (c *checker) older(ctx context.Context, o manifest.Object) {
	text := o.Annotations[plan.LegacyNetworksKey]
	if manifest.SelectsNothing(text.Value) {
		return
	}
	if !c.conf.LegacyNetworks {
		c.warn(o, fault.Fault{
			Place: text.Place(), Subject: "annotation " + plan.LegacyNetworksKey,
			What: "means nothing: legacyNetworks is not switched on in a multus configuration among the files",
		})
		return
	}
	pod := o.Pod
	pod.Annotations = map[string]string{plan.LegacyNetworksKey: text.Value}
	refs, warnings, _ := manifest.Older(ctx, pod) // its faults are told with the plan
	for _, w := range warnings {
		c.warn(o, fault.Fault{Place: text.Place(), What: w})
	}
	for i, ref := range refs {
		c.reference(ctx, o, reference{key: plan.LegacyNetworksKey, selection: plan.Selection{Position: i + 1, Ref: ref}, from: c.objects.Networks()})
	}
}

// usable is the definition as far as pods are concerned: what is wrong with it is
// told of the definition, what is missing of the reference, and which devices the
// kubelet will give a pod nobody knows.
func usable(ctx context.Context, from plan.Definitions, ref plan.Ref) plan.Answer {
	answer := find(ctx, from, ref)
	list, _, err := netconf.Parse([]byte(answer.Definition.Config), ref.Name)
	if answer.Err != nil || err != nil || runsMultus(list) {
		return manifest.Anything(ref)
	}
	return plan.Answer{Definition: plan.Definition{Config: answer.Definition.Config}}
}

func runsMultus(list netconf.List) bool {
	for _, p := range list.Plugins() {
		for _, binary := range p.Runs() {
			if name.Self(binary, "") {
				return true
			}
		}
	}
	return false
}

// reference is one place where a pod names a network.
type reference struct {
	key       string
	selection plan.Selection
	from      plan.Definitions
}

func (c *checker) reference(ctx context.Context, o manifest.Object, r reference) {
	if err := find(ctx, r.from, r.selection.Ref).Err; err != nil {
		c.warn(o, fault.Fault{
			Place:   o.Annotations[r.key].Place(),
			Subject: "annotation " + r.key + ", " + r.selection.String(),
			Err:     err,
		})
	}
}
