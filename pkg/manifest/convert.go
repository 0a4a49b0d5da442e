package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// Conversion is what does the same as older Network objects, and the pods that
// select them, with the objects of today.
type Conversion struct {
	Objects  []map[string]any
	Warnings []string

	objects    *Objects
	faults     fault.List
	pods       int
	namespaced []string // pods without a namespace whose annotation has to name one
}

// Convert converts the older Network objects, and the pods that select them, in
// the order of the files. What cannot be converted is in the error.
func (o *Objects) Convert() (Conversion, error) {
	c := Conversion{objects: o}
	for _, object := range o.all {
		converted, err := c.object(object)
		c.fault(object, err)
		if err == nil && converted != nil {
			c.Objects = append(c.Objects, converted)
		}
	}
	if len(c.namespaced) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("no namespace in %s: taken for default, which the annotation %s has to name; change it there if you apply the output to another namespace",
			strings.Join(c.namespaced, ", "), plan.DefaultNetworkKey))
	}
	if c.pods > 0 && o.conf != nil {
		c.compare()
	}
	return c, c.faults.Err()
}

func (c *Conversion) fault(o Object, err error) {
	for _, f := range o.Faults(o.Place, err) {
		c.faults.Add(f)
	}
}

func (c *Conversion) warn(o Object, text string) {
	c.Warnings = append(c.Warnings, fault.Fault{Place: o.Place, Subject: o.Subject(), What: text}.Error())
}

// object is what comes of one object; nil where nothing does.
func (c *Conversion) object(o Object) (map[string]any, error) {
	switch {
	case o.Kind == KindNetwork:
		return c.network(o)
	case o.Pod.IsZero():
		return nil, nil
	}
	return c.pod(o)
}

// network is the NetworkAttachmentDefinition that does what an older Network
// object does; nil where the files have it already.
func (c *Conversion) network(o Object) (map[string]any, error) {
	conf := c.objects.networks.known[o.Ref()].Config
	list, warnings, err := netconf.Parse([]byte(conf), o.Name)
	for _, w := range warnings {
		c.warn(o, "args: "+w)
	}
	if err != nil {
		return nil, fault.Under("args", err)
	}
	if today, given := c.objects.nads.known[o.Ref()]; given {
		same, _, err := netconf.Parse([]byte(today.Config), o.Name)
		if err == nil && same.Equal(list) {
			return nil, nil
		}
		return nil, fault.Fault{
			What: "the NetworkAttachmentDefinition " + o.Ref().String() + " among the files is another network",
			Cure: "rename one of the two",
		}
	}
	return definition(o, conf)
}

// definition writes the NetworkAttachmentDefinition. Of the metadata goes what
// the API server and kubectl noted about the older object.
func definition(o Object, conf string) (map[string]any, error) {
	members, err := o.Members()
	if err != nil {
		return nil, err
	}
	meta, _ := members["metadata"].(map[string]any)
	maps.DeleteFunc(meta, func(key string, _ any) bool {
		return key != "name" && key != "generateName" && key != "namespace" && key != "labels"
	})
	annotations := values(o.Annotations)
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	if len(annotations) > 0 {
		meta["annotations"] = annotations
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(conf), "", "  "); err != nil {
		return nil, err
	}
	return map[string]any{
		"apiVersion": versionNAD,
		"kind":       KindNAD,
		"metadata":   meta,
		"spec":       map[string]string{"config": pretty.String() + "\n"},
	}, nil
}

// pod is a pod or workload that selects with the annotations of today what it
// selected with the older one; nil where it does not have that.
func (c *Conversion) pod(o Object) (map[string]any, error) {
	if !o.Annotations[plan.LegacyNetworksKey].Given() {
		return nil, nil
	}
	refs, err := c.selected(o)
	if err != nil {
		return nil, err
	}
	c.complete(o, refs)
	if len(refs) > 0 && o.root.at("metadata").at("namespace").node == nil {
		c.namespaced = append(c.namespaced, o.Kind+" "+o.Name)
	}
	members, err := o.Members()
	if err != nil {
		return nil, err
	}
	pod := members
	for _, key := range o.Template {
		pod, _ = pod[key].(map[string]any) // the annotation was found there
	}
	selectToday(pod["metadata"].(map[string]any), values(o.Annotations), refs)
	c.pods++
	return members, nil
}

// selected are the older Network objects that a pod selects.
func (c *Conversion) selected(o Object) ([]plan.Ref, error) {
	annotation := plan.Annotation{Key: plan.LegacyNetworksKey, Text: o.Annotations[plan.LegacyNetworksKey].Value, Namespace: o.Namespace}
	selections, warnings, err := annotation.Selections()
	var faults fault.List
	faults.Add(err)
	for _, w := range warnings {
		c.warn(o, w)
	}
	for _, other := range []string{plan.NetworksKey, plan.DefaultNetworkKey} {
		if len(selections) > 0 && strings.TrimSpace(o.Annotations[other].Value) != "" {
			faults.Add(fault.Fault{What: "has both annotations, " + plan.LegacyNetworksKey + " and " + other, Cure: "keep one"})
		}
	}
	var refs []plan.Ref
	for _, s := range selections {
		refs = append(refs, s.Ref)
	}
	return refs, faults.Err()
}

// selectToday writes the annotations of today in the place of the older one. The
// first network was the default one, with the runtime's name for its interface;
// the names of the others follow from their positions, then as now.
func selectToday(meta map[string]any, annotations map[string]string, refs []plan.Ref) {
	delete(annotations, plan.LegacyNetworksKey)
	if len(refs) > 0 {
		// Unqualified, it would be a name in multusNamespace.
		annotations[plan.DefaultNetworkKey] = refs[0].String()
		delete(annotations, plan.NetworksKey) // empty: the planner has refused it otherwise
	}
	if len(refs) > 1 {
		var names []string
		for _, ref := range refs[1:] {
			names = append(names, ref.Name)
		}
		annotations[plan.NetworksKey] = strings.Join(names, ", ")
	}
	meta["annotations"] = annotations
	if len(annotations) == 0 {
		delete(meta, "annotations")
	}
}

// complete warns of networks that the files have in neither form.
func (c *Conversion) complete(o Object, refs []plan.Ref) {
	told := make(map[plan.Ref]bool)
	for _, ref := range refs {
		_, old := c.objects.networks.known[ref]
		_, today := c.objects.nads.known[ref]
		if told[ref] || old || today {
			continue
		}
		told[ref] = true
		c.warn(o, "the Network object "+ref.String()+" is not among the files; convert it too, for the pod needs it as a NetworkAttachmentDefinition now")
	}
}

// compare tells what of the configuration gives the converted pods more networks
// than before: the older objects took the place of all that it has.
func (c *Conversion) compare() {
	conf, err := config.Parse(c.objects.conf)
	for _, o := range c.objects.all {
		if o.Kind != "" {
			continue
		}
		c.fault(o, err)
		for _, d := range conf.Delegates[min(1, len(conf.Delegates)):] {
			c.further(o, "delegates", d.List.Name())
		}
		for _, name := range conf.DefaultNetworks {
			c.further(o, "defaultNetworks", name)
		}
	}
}

func (c *Conversion) further(o Object, key, network string) {
	c.warn(o, fmt.Sprintf("key %q: converted pods get network %q as well, between eth0 and their other networks; the annotation %q kept it off them: take it out of the configuration if no pod needs it",
		key, network, plan.LegacyNetworksKey))
}
