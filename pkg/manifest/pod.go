package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// pod takes a pod.
func (l *loader) pod(o read) error {
	spec, err := o.fields.object("spec")
	if err != nil {
		return err
	}
	return l.addPod(o, spec)
}

// workload takes the pod that a workload's template describes, under the
// workload's name.
func (l *loader) workload(o read) error {
	template, err := templateOf(o)
	if err != nil {
		return fmt.Errorf("spec.%w", err)
	}
	meta, err := template.object("metadata")
	if err != nil {
		return fmt.Errorf("spec.template.%w", err)
	}
	if o.annotations, err = annotations(meta); err != nil {
		return fmt.Errorf("spec.template.metadata.%w", err)
	}
	spec, err := template.object("spec")
	if err != nil {
		return fmt.Errorf("spec.template.%w", err)
	}
	o.uid = ""
	return l.addPod(o, spec)
}

// templateOf is the pod template of a workload.
func templateOf(o read) (fields, error) {
	spec, err := o.fields.object("spec")
	if err == nil && o.Kind == "CronJob" {
		if spec, err = spec.object("jobTemplate"); err == nil {
			spec, err = spec.object("spec")
		}
	}
	if err != nil {
		return nil, err
	}
	return spec.object("template")
}

// addPod adds a pod, unless it does without CNI.
func (l *loader) addPod(o read, spec fields) error {
	hostNetwork := false
	if spec.has("hostNetwork") {
		if err := json.Unmarshal(spec["hostNetwork"], &hostNetwork); err != nil {
			return fmt.Errorf("spec.hostNetwork: %s where true or false is expected", netconf.Kind(spec["hostNetwork"]))
		}
	}
	if hostNetwork {
		l.warn("%s: left out: it has the node's network (hostNetwork), no CNI plugin is run for it", o.Object)
		return nil
	}
	key := "pod of the name " + o.Namespace + "/" + o.Name
	if first, ok := l.seen[key]; ok {
		return fmt.Errorf("its pod would be a second %s/%s; the first is at %s", o.Namespace, o.Name, first)
	}
	l.seen[key] = o.Place
	if o.uid == "" {
		o.uid = uidOf(o.Namespace, o.Name)
	}
	l.objects.pods = append(l.objects.pods, plan.Pod{
		Namespace: o.Namespace, Name: o.Name, UID: o.uid, Annotations: o.annotations,
	})
	l.objects.all = append(l.objects.all, o.Object)
	return nil
}
