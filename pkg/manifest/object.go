package manifest

import (
	"cmp"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	naming "github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// Object is one object of the files, with the place where it is written.
type Object struct {
	Kind      string // "" for a Multus configuration
	Namespace string // never empty for a Kubernetes object
	Name      string // of a Multus configuration: its CNI name
	Place     string // file:line:column
	// Annotations are those of the pod, for a workload those of its template.
	Annotations map[string]Text
	// Outer are a workload's own annotations, which its pods do not get.
	Outer map[string]Text
	// Template is where a workload has its pods' template: spec.template.
	Template []string
	// Networks are those of a virtual machine, which its pod's annotation will name.
	Networks []Text
	// Several tells that more than one pod is made from the template at a time.
	Several bool
	// Config is the configuration of a network, as its object has it.
	Config Text
	// Pod is what Multus is told of the pod; zero for all else.
	Pod plan.Pod

	root value
}

// Ref names the object.
func (o Object) Ref() plan.Ref { return plan.Ref{Namespace: o.Namespace, Name: o.Name} }

// Subject is what faults of the object begin with.
func (o Object) Subject() string {
	switch {
	case o.Kind == "":
		return "multus configuration"
	case o.Name == "" || o.Kind == KindFile:
		return strings.TrimSpace(o.Kind + " " + o.Name)
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Faults are those of an error about the object, which they name. Those that have no
// place get the one given here.
func (o Object) Faults(place string, err error) []fault.Fault {
	all := fault.All(fault.At(place, err))
	for i, f := range all {
		if f.Subject == "pod "+o.Pod.String() || f.Subject == "network "+o.Ref().String() {
			f.Subject = ""
		}
		all[i] = fault.All(fault.About(o.Subject(), f))[0]
	}
	return all
}

// Members is the whole object, as encoding/json has it, for the caller to change.
func (o Object) Members() (all map[string]any) {
	_ = o.root.node.Decode(&all) // it was decoded when it was parsed
	return all
}

// identify reads the name and the namespace. Objects without a namespace are
// applied to whatever namespace the user is in; here it is default.
func (o *Object) identify() {
	meta := o.root.object("metadata")
	o.Namespace = cmp.Or(meta.text("namespace", "").Value, "default")
	name := meta.text("name", "").Value
	if name == "" {
		// The API server would add a random end to it.
		name = strings.TrimRight(meta.text("generateName", "").Value, "-.")
	}
	if name == "" {
		meta.at("name").fault("missing", "give the object a name")
	} else {
		meta.at("name").refuse(naming.Object(name))
	}
	meta.at("namespace").refuse(naming.Namespace(o.Namespace))
	if len(o.root.doc.faults) == 0 {
		o.Name = name
	}
}

// annotations are those in an object's metadata. All values are strings.
func annotations(meta value) map[string]Text {
	given := meta.object("annotations")
	found := make(map[string]Text)
	for _, key := range given.keys() {
		found[key] = given.text(key, "quote it, or write | behind the colon and the text indented below")
	}
	return found
}

// values are the texts alone.
func values(texts map[string]Text) map[string]string {
	all := make(map[string]string, len(texts))
	for key, text := range texts {
		all[key] = text.Value
	}
	return all
}
