package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
)

// selectNetworks decides which networks are wanted, in which order, from the
// configuration and the pod's annotations alone. See the package's doc.
func (d *draft) selectNetworks() {
	if objects, chosen := d.legacyNetworks(); chosen {
		d.wanted = objects
		return
	}
	master, further := d.configured()
	if own, asked := d.podDefault(); asked {
		master = []wanted{own}
	}
	selected := d.podNetworks(NetworksKey)
	if len(master) == 0 && len(selected) > 0 {
		master, selected = selected[:1], selected[1:]
	}
	d.wanted = slices.Concat(master, further, selected)
	d.checkTogether()
	if len(d.wanted) > MaxNetworks {
		d.faults.Add(fault.About("pod "+d.pod.String(), fmt.Errorf("%d networks, with those that every pod gets; a pod can have %d", len(d.wanted), MaxNetworks)))
		d.wanted = d.wanted[:MaxNetworks]
	}
}

// noNetwork is the error for a pod with no network at all.
func (d *draft) noNetwork() error {
	text := "no network at all: neither clusterNetwork nor delegates are configured"
	if !d.pod.IsZero() {
		text = fmt.Sprintf("pod %s: %s, and the pod's %s annotation names none", d.pod, text, NetworksKey)
	}
	return errors.New(text + "; set clusterNetwork in the configuration")
}

// configured are the networks of the configuration: the default network, where it
// has one, and those beside it. Pods of system namespaces get no defaultNetworks;
// the namespace decides also where nothing else of the pod is known any more.
func (d *draft) configured() (master, further []wanted) {
	conf := d.planner.Conf
	if conf.ClusterNetwork != "" {
		master = []wanted{d.clusterLevel("clusterNetwork", conf.ClusterNetwork)}
	}
	for i, delegate := range conf.Delegates {
		further = append(further, wanted{source: source{origin: inline, name: delegate.List.Name(), index: i}, key: "delegates"})
	}
	if len(master) == 0 && len(further) > 0 {
		master, further = further[:1], further[1:]
	}
	if slices.Contains(conf.SystemNamespaces, d.pod.Namespace) {
		return master, further
	}
	for _, name := range conf.DefaultNetworks {
		further = append(further, d.clusterLevel("defaultNetworks", name))
	}
	return master, further
}

// clusterLevel is a network that a key of the configuration names.
func (d *draft) clusterLevel(key, name string) wanted {
	s := source{origin: clusterName, name: name, ref: Ref{Namespace: d.planner.Conf.MultusNamespace, Name: name}}
	if strings.Contains(name, "/") {
		s = source{origin: path, name: name}
	}
	return wanted{source: s, key: key}
}

// podDefault is the default network that the pod asks for instead of the
// configuration's.
func (d *draft) podDefault() (wanted, bool) {
	conf := d.planner.Conf
	selections, faulty := d.selections(DefaultNetworkKey, conf.MultusNamespace)
	if len(selections) == 0 || faulty {
		return wanted{}, false
	}
	if len(selections) > 1 {
		d.faults.Add(fault.Fault{Subject: "annotation " + DefaultNetworkKey, What: fmt.Sprintf("names %d networks", len(selections)), Cure: "name one"})
	}
	s := selections[0]
	w := wanted{source: source{origin: definition, ref: s.Ref}, selection: s, key: DefaultNetworkKey}
	if from := s.Ref.Namespace; from != conf.MultusNamespace && !slices.Contains(conf.DefaultNetworkNamespaces, from) {
		d.isolate(&w)
	}
	return w, true
}

// podNetworks are the networks that the pod asks for with an annotation.
func (d *draft) podNetworks(key string) []wanted {
	told := make(map[Ref]bool)
	var networks []wanted
	selections, faulty := d.selections(key, d.pod.Namespace)
	for _, s := range selections {
		w := wanted{source: source{origin: definition, ref: s.Ref}, selection: s, key: key}
		if w.refused = faulty || told[s.Ref]; !w.refused {
			d.isolate(&w)
			told[s.Ref] = w.refused
		}
		networks = append(networks, w)
	}
	return networks
}

// selections reads one of the pod's annotations, and tells whether it has a fault:
// then nothing of it may be attached, nor of one whose networks cannot be looked up,
// for a pod must not start with fewer networks than it asks for.
func (d *draft) selections(key, namespace string) (found []Selection, faulty bool) {
	if d.pod.IsZero() {
		return nil, false
	}
	conf := d.planner.Conf
	selections, warnings, err := Annotation{
		Key: key, Text: d.pod.Annotations[key], Namespace: namespace,
		DeviceIDs: conf.AllowPodDeviceID, StrictClaims: conf.UnsupportedRequests == config.UnsupportedFail,
	}.read()
	d.warnings.Add(warnings...)
	d.faults.Add(err)
	if err == nil && len(selections) > 0 && d.planner.Definitions == nil {
		d.faults.Add(fault.About("annotation "+key, errors.New("asks for networks, and no kubeconfig is configured to look them up with; set kubeconfig in the node's configuration, or take the annotation out")))
		return nil, true
	}
	return selections, err != nil
}

// isolate refuses what namespaceIsolation keeps from the pod: definitions of
// namespaces that are neither its own nor global.
func (d *draft) isolate(w *wanted) {
	conf, from := d.planner.Conf, w.source.ref.Namespace
	if conf.MayUse(d.pod.Namespace, from) {
		return
	}
	w.refused = true
	cure := "name one of the pod's own namespace in " + w.asker()
	if w.key == DefaultNetworkKey {
		cure += ", or add the namespace to defaultNetworkNamespaces"
	}
	d.fault(*w, fmt.Errorf("pods of namespace %q may not use NetworkAttachmentDefinitions of namespace %q: namespaceIsolation is on, and globalNamespaces (%s) does not hold it; %s",
		d.pod.Namespace, from, strings.Join(conf.GlobalNamespaces, ", "), cure))
}

// checkTogether refuses what the selections of the pod cannot have beside each
// other, or beside the default network.
func (d *draft) checkTogether() {
	for i := range d.wanted {
		if err := d.conflict(i); err != nil {
			w := &d.wanted[i]
			w.refused = true
			d.faults.Add(fault.About(subject(w.key, w.selection), err))
		}
	}
}

// conflict tells whether the i-th attachment can have the interface name and the
// default route that it asks for, as far as the default network goes.
func (d *draft) conflict(i int) error {
	w, master, runtime := d.wanted[i], d.wanted[0], d.sandbox.IfName
	asked := w.selection.Interface
	switch {
	case i == 0 && asked != "" && asked != runtime:
		return fault.Under("interface", fmt.Errorf("this is the pod's default network, whose interface the runtime calls %s; take %s out", runtime, fault.Quote(asked)))
	case i > 0 && asked != "" && asked == runtime:
		return fault.Under("interface", fmt.Errorf("%s is what the runtime calls the default network's interface; choose another", fault.Quote(runtime)))
	case master.key != w.key && master.selection.DefaultRoute != nil && w.selection.DefaultRoute != nil:
		return fault.Under("default-route", fmt.Errorf("annotation %s has this key too, and only one network can carry the default route; take it out of one of them", DefaultNetworkKey))
	}
	return nil
}
