package lint

import (
	"context"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// network checks what a network's object says, and whether pods may use it.
func (c *checker) network(ctx context.Context, o manifest.Object) {
	key, text := "spec.config", o.Config.Value
	switch o.Kind {
	case plan.KindNetwork:
		key, text = "args", c.objects.Find(o.Kind, o.Ref()).Definition.Config
	case manifest.KindFile:
		key = ""
	}
	c.unread(o, "metadata.annotations", plan.ResourceKey)
	if text == "" {
		return // the network of that name on the node's disk
	}
	list, warnings, err := netconf.Parse([]byte(text), o.Name)
	for _, w := range warnings {
		c.warn(o, o.Config.Place(), fault.Fault{Key: key, What: w})
	}
	if err == nil && o.Kind != manifest.KindFile {
		err = c.permitted(ctx, o.Ref(), text)
	}
	c.faults(o, o.Config.Place(), fault.Under(key, err))
	c.plugins(o, key, list)
	c.overlaps(o, key, list)
}

// permitted asks the planner whether a pod's own network may run what it runs.
func (c *checker) permitted(ctx context.Context, ref plan.Ref, text string) error {
	conf := c.conf
	conf.ClusterNetwork, conf.DefaultNetworks, conf.Delegates, conf.LegacyNetworks = "", nil, nil, false
	only := manifest.Lookup(func(string, plan.Ref) plan.Answer { return plan.Answer{Definition: plan.Definition{Config: text}} })
	planner := plan.Planner{Conf: conf, Definitions: only}
	_, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, plan.Pod{
		Namespace: ref.Namespace, Name: "any", Annotations: map[string]string{plan.NetworksKey: ref.Name},
	})
	return err
}
