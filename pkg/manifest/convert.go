package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
		var converted map[string]any
		var err error
		switch {
		case object.Kind == plan.KindNetwork:
			converted, err = c.network(object)
		case !object.Pod.IsZero() && object.Annotations[plan.LegacyNetworksKey].Given():
			converted, err = c.pod(object)
		}
		c.fault(object, err)
		if err == nil && converted != nil {
			c.Objects = append(c.Objects, converted)
		}
	}
	if len(c.namespaced) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("no namespace in %s: taken for default, which the annotation %s has to name; change it there if you apply the output to another namespace",
			strings.Join(c.namespaced, ", "), plan.DefaultNetworkKey))
	}
	if c.pods > 0 {
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
	text = fault.Fault{Place: o.Place, Subject: o.Subject(), What: text}.Error()
	if !slices.Contains(c.Warnings, text) {
		c.Warnings = append(c.Warnings, text)
	}
}

// network is the NetworkAttachmentDefinition that does what an older Network
// object does; nil where the files have it already.
func (c *Conversion) network(o Object) (map[string]any, error) {
	conf := c.objects.known[plan.KindNetwork][o.Ref()].Config
	list, warnings, err := netconf.Parse([]byte(conf), o.Name)
	for _, w := range warnings {
		c.warn(o, "args: "+w)
	}
	if err != nil {
		return nil, fault.Under("args", err)
	}
	if today, given := c.objects.known[plan.KindNAD][o.Ref()]; given {
		same, _, err := netconf.Parse([]byte(today.Config), o.Name)
		if err == nil && same.Equal(list) {
			return nil, nil
		}
		return nil, fault.Fault{
			What: "the NetworkAttachmentDefinition " + o.Ref().String() + " among the files is another network",
			Cure: "rename one of the two",
		}
	}
	return definition(o, conf), nil
}

// definition writes the NetworkAttachmentDefinition. Of the metadata goes what
// the API server and kubectl noted about the older object.
func definition(o Object, conf string) map[string]any {
	meta, _ := o.Members()["metadata"].(map[string]any)
	maps.DeleteFunc(meta, func(key string, _ any) bool {
		return key != "name" && key != "generateName" && key != "namespace" && key != "labels"
	})
	annotations := values(o.Annotations)
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	if len(annotations) > 0 {
		meta["annotations"] = annotations
	}
	var pretty bytes.Buffer
	_ = json.Indent(&pretty, []byte(conf), "", "  ") // it was parsed
	return map[string]any{
		"apiVersion": versionNAD,
		"kind":       plan.KindNAD,
		"metadata":   meta,
		"spec":       map[string]string{"config": pretty.String() + "\n"},
	}
}

// pod is a pod or workload that selects with the annotations of today what it
// selected with the older one.
func (c *Conversion) pod(o Object) (map[string]any, error) {
	selections, err := c.selected(o)
	if err != nil {
		return nil, err
	}
	if len(selections) > 0 && o.root.at("metadata").at("namespace").node == nil {
		c.namespaced = append(c.namespaced, o.Kind+" "+o.Name)
	}
	members := o.Members()
	pod := members
	for _, key := range o.Template {
		pod, _ = pod[key].(map[string]any) // the annotation was found there
	}
	meta := pod["metadata"].(map[string]any)
	meta["annotations"] = today(values(o.Annotations), selections)
	if len(selections) == 0 && len(o.Annotations) == 1 {
		delete(meta, "annotations")
	}
	c.pods++
	return members, nil
}

// selected are the older Network objects that a pod selects.
func (c *Conversion) selected(o Object) ([]plan.Selection, error) {
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
	for _, s := range selections {
		_, old := c.objects.known[plan.KindNetwork][s.Ref]
		if _, today := c.objects.known[plan.KindNAD][s.Ref]; !old && !today && faults.Len() == 0 {
			c.warn(o, "the Network object "+s.Ref.String()+" is not among the files; convert it too, for the pod needs it as a NetworkAttachmentDefinition now")
		}
	}
	return selections, faults.Err()
}

// today are the annotations of today in the place of the older one. The first
// network was the default one, with the runtime's name for its interface; the names
// of the others follow from their positions, then as now.
func today(annotations map[string]string, selections []plan.Selection) map[string]string {
	delete(annotations, plan.LegacyNetworksKey)
	for i, s := range selections {
		switch i {
		case 0:
			// Unqualified, it would be a name in multusNamespace.
			annotations[plan.DefaultNetworkKey] = s.Ref.String()
			delete(annotations, plan.NetworksKey) // empty: it is refused otherwise
		case 1:
			annotations[plan.NetworksKey] = s.Ref.Name
		default:
			annotations[plan.NetworksKey] += ", " + s.Ref.Name
		}
	}
	return annotations
}

// compare tells what of the configuration gives the converted pods more networks
// than before: the older objects took the place of all that it has.
func (c *Conversion) compare() {
	for _, o := range c.objects.all {
		if o.Kind != "" {
			continue
		}
		conf, err := config.Parse([]byte(o.Config.Value))
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
