package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// validation gathers what is wrong with the objects of some files.
type validation struct {
	objects  *manifest.Objects
	conf     config.Config // to plan with
	faults   []string
	warnings []string
}

// newValidation begins with the faults that reading the files had.
func newValidation(objects *manifest.Objects, faults []error) *validation {
	v := &validation{objects: objects}
	for _, f := range faults {
		v.faults = append(v.faults, flat(f))
	}
	v.conf = v.planning()
	return v
}

func (v *validation) fault(o manifest.Object, key string, err error) {
	for _, f := range separate(err) {
		v.faults = append(v.faults, o.String()+": "+key+flat(f))
	}
}

func (v *validation) warn(o manifest.Object, text string) {
	v.warnings = append(v.warnings, o.String()+": "+text)
}

// object checks one object by its kind.
func (v *validation) object(ctx context.Context, o manifest.Object) {
	switch o.Kind {
	case "":
		v.configuration(o)
	case kindDefinition, kindNetwork:
		v.network(ctx, o)
	default:
		v.pod(ctx, o)
	}
}

const (
	kindDefinition = "NetworkAttachmentDefinition"
	kindNetwork    = "Network"
)

// configuration checks a multus configuration.
func (v *validation) configuration(o manifest.Object) {
	conf, err := config.Parse(o.JSON)
	v.fault(o, "", err)
	for _, w := range conf.Warnings {
		v.warn(o, w)
	}
}

// network checks what a network's object says, and whether pods may use it.
func (v *validation) network(ctx context.Context, o manifest.Object) {
	ref := plan.Ref{Namespace: o.Namespace, Name: o.Name}
	from, key := plan.Definitions(v.objects), "spec.config: "
	if o.Kind == kindNetwork {
		from, key = v.objects.Networks(), "args: "
	}
	def := from.Definitions(ctx, []plan.Ref{ref})[ref].Definition
	if def.Config == "" {
		return // the network of that name on the node's disk
	}
	list, warnings, err := netconf.Parse([]byte(def.Config), ref.Name)
	v.fault(o, key, err)
	for _, w := range warnings {
		v.warn(o, key+w)
	}
	if err == nil {
		v.fault(o, key, v.permitted(ctx, ref, list))
	}
}

// permitted asks the planner whether a pod's own network may run what it runs.
func (v *validation) permitted(ctx context.Context, ref plan.Ref, list netconf.List) error {
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	conf := v.conf
	conf.ClusterNetwork, conf.DefaultNetworks, conf.Delegates, conf.LegacyNetworks = "", nil, nil, false
	only := definitionsFunc(func(plan.Ref) plan.Definition { return plan.Definition{Config: string(text)} })
	planner := plan.Planner{Conf: conf, Definitions: only}
	_, err = planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, plan.Pod{
		Namespace: ref.Namespace, Name: "any", Annotations: map[string]string{networksKey: ref.Name},
	})
	return stripped("network "+ref.String()+": ", err)
}

// definitionsFunc has a definition for every ref.
type definitionsFunc func(plan.Ref) plan.Definition

// Definitions answers every ref.
func (f definitionsFunc) Definitions(_ context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	answers := make(map[plan.Ref]plan.Answer, len(refs))
	for _, ref := range refs {
		answers[ref] = plan.Answer{Definition: f(ref)}
	}
	return answers
}

// planning is the configuration that pods are checked with: that of the files, if
// there is a good one, with all that is on the node's disk taken for granted.
func (v *validation) planning() config.Config {
	text, given := v.objects.Conf()
	conf, err := config.Parse(text)
	if !given || err != nil {
		conf = config.Default()
		conf.ClusterNetwork = onTheNode
		conf.LegacyNetworks = v.has(kindNetwork)
	}
	conf.AuxiliaryChain = ""
	if strings.Contains(conf.ClusterNetwork, "/") {
		conf.ClusterNetwork = onTheNode
	}
	networks := conf.DefaultNetworks
	conf.DefaultNetworks = nil
	for _, name := range networks {
		if strings.Contains(name, "/") {
			name = onTheNode
		}
		conf.DefaultNetworks = append(conf.DefaultNetworks, name)
	}
	return conf
}

// onTheNode stands for a network that is on the node's disk.
const onTheNode = "on-the-node"

// has tells whether the files have an object of the kind.
func (v *validation) has(kind string) bool {
	for _, o := range v.objects.All() {
		if o.Kind == kind {
			return true
		}
	}
	return false
}

// lenient is the configuration of a network that is not to be judged here: it
// does all that a pod can ask for.
func lenient() plan.Definition {
	return plan.Definition{Config: fmt.Sprintf(`{"cniVersion": "1.1.0", "type": "any", "capabilities": %s}`,
		`{"ips": true, "mac": true, "portMappings": true, "bandwidth": true, "infinibandGUID": true, "deviceID": true}`)}
}
