package lint

import (
	"context"
	"errors"
	"maps"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

// pod checks the annotations of a pod, or of a workload's pods, and whether the
// networks that it selects can do what it asks of them.
func (c *checker) pod(ctx context.Context, o manifest.Object) {
	pod := o.Pod
	pod.Annotations = maps.Clone(pod.Annotations)
	for _, key := range keys() {
		if !c.annotation(o, key) {
			pod.Annotations[key] = "" // what is wrong with the others is told all the same
		}
	}
	planner := c.objects.Planner(c.conf)
	if planner.Definitions != nil {
		planner.Definitions = manifest.Lookup(func(kind string, ref plan.Ref) plan.Answer {
			answer := c.objects.Find(kind, ref)
			if c.permitted(ctx, ref, answer.Definition.Config) != nil { // which is told of the definition
				return plan.Answer{Definition: manifest.StandIn(answer.Definition.Resource)}
			}
			return answer
		})
	}
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	c.faults(o, selectionPlace(o), err)
	c.virtual(o)
	c.misplaced(o)
	c.interfaces(o, made)
	c.routes(o, made)
	c.kept(o, made)
}

// virtual warns of a virtual machine's networks that are not among the files.
func (c *checker) virtual(o manifest.Object) {
	for _, network := range o.Networks {
		named := plan.Annotation{Text: network.Value, Namespace: o.Namespace}
		selections, _, _ := named.Selections() // anything else is KubeVirt's to refuse
		for _, s := range selections {
			if err := c.objects.Find(plan.KindNAD, s.Ref).Err; err != nil {
				c.warn(o, network.Place(), fault.Fault{Key: "networks.multus.networkName", What: s.Ref.String() + ": " + err.Error()})
			}
		}
	}
}

// keys are the annotations that select networks.
func keys() []string {
	return []string{plan.NetworksKey, plan.DefaultNetworkKey, plan.LegacyNetworksKey}
}

// selectionPlace is where a pod selects its networks.
func selectionPlace(o manifest.Object) string {
	for _, key := range keys() {
		if o.Annotations[key].Given() {
			return o.Annotations[key].Place()
		}
	}
	return o.Place
}

// annotation checks an annotation alone, and warns of networks that are not among
// the files. It tells whether the annotation can be read.
func (c *checker) annotation(o manifest.Object, key string) bool {
	text := o.Annotations[key]
	annotation := plan.Annotation{Key: key, Text: text.Value, Namespace: o.Namespace, DeviceIDs: c.conf.AllowPodDeviceID}
	if key == plan.DefaultNetworkKey {
		annotation.Namespace = c.conf.MultusNamespace
	}
	selections, warnings, err := annotation.Selections()
	if key == plan.LegacyNetworksKey && !c.conf.LegacyNetworks {
		if len(selections) > 0 || err != nil {
			c.warn(o, text.Place(), fault.Fault{
				Subject: "annotation " + key,
				What:    "means nothing: legacyNetworks is not switched on in a multus configuration among the files",
			})
		}
		return true
	}
	for _, w := range warnings {
		c.warn(o, text.Place(), errors.New(w))
	}
	c.faults(o, text.Place(), text.Located(err))
	kind := plan.KindNAD
	if key == plan.LegacyNetworksKey {
		kind = plan.KindNetwork
	}
	for _, s := range selections {
		c.fixed(o, key, s)
		if err := c.objects.Find(kind, s.Ref).Err; err != nil {
			c.warn(o, text.Place(), fault.Fault{Subject: "annotation " + key + ", " + s.String(), Err: err})
		}
	}
	return err == nil
}
