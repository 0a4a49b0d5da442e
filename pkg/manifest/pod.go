package manifest

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
)

// templateOf is where an object describes pods; known is false where it does not.
func templateOf(root value, kind string) (path []string, known bool) {
	usual := []string{"spec", "template"}
	switch kind {
	case "v1/Pod", "kubevirt.io/VirtualMachineInstance":
		return nil, true
	case "apps/Deployment", "apps/DaemonSet", "apps/StatefulSet", "apps/ReplicaSet", "batch/Job", "v1/ReplicationController",
		"argoproj.io/Rollout", "kubevirt.io/VirtualMachine", "kubevirt.io/VirtualMachineInstanceReplicaSet":
		return usual, true
	case "batch/CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}, true
	case "v1/PodTemplate":
		return []string{"template"}, true
	}
	return usual, root.at("spec").at("template").at("spec").at("containers").node != nil
}

// pod takes a pod, or the pod that a workload's template describes, under the
// workload's name. One that does without CNI is left out.
func (l *loader) pod(o *Object) {
	pod := o.root
	for _, key := range o.Template {
		pod = pod.object(key)
	}
	o.Annotations = annotations(pod.object("metadata"))
	for _, key := range []string{plan.NetworksKey, plan.DefaultNetworkKey} {
		if template(o.Annotations[key].Value) {
			l.note(o.Place, o.Subject()+": annotation "+key+": a template; give what it is rendered to")
			delete(o.Annotations, key)
		}
	}
	uid := pod.at("metadata").text("uid", "").Value // a template has none
	if len(o.Template) > 0 {
		o.Outer = annotations(o.root.at("metadata"))
	}
	several := func(key string) bool {
		n, _ := strconv.Atoi(o.root.at("spec").at(key).scalar()) // anything else is the API server's to refuse
		return n > 1
	}
	o.Several = o.Kind == "DaemonSet" || several("replicas") || several("parallelism")
	if strings.HasPrefix(o.Kind, "VirtualMachine") {
		for _, network := range pod.object("spec").list("networks") {
			if name := network.at("multus").text("networkName", ""); name.Value != "" {
				o.Networks = append(o.Networks, name)
			}
		}
	}
	host := pod.object("spec").expect("hostNetwork", "true or false", "")
	if len(o.root.doc.faults) > 0 {
		return
	}
	if host.scalar() == "true" {
		l.note(o.Place, o.Subject()+": it has the node's network (hostNetwork), no CNI plugin is run for it")
		return
	}
	name := o.Name
	if l.pods[o.Ref()] {
		name += "-" + strings.ToLower(o.Kind) // another workload's pods have this name
	}
	l.pods[o.Ref()] = true
	o.Pod = plan.Pod{Namespace: o.Namespace, Name: name, UID: cmp.Or(uid, uidOf(o.Namespace, name)), Annotations: values(o.Annotations)}
	l.objects.all = append(l.objects.all, *o)
}
