package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// choose decides which networks are wanted, in which order, from the
// configuration and the pod's annotations alone. See the package's doc.
func (d *draft) choose() {
	if objects, chosen := d.legacyNetworks(); chosen {
		d.wanted = objects
		return
	}
	master, configured := d.podDefault()
	if !configured {
		master, configured = d.configured()
	}
	selected := d.podNetworks()
	further := append(d.furtherDelegates(), d.defaultNetworks()...)
	switch {
	case configured:
		d.wanted = append([]wanted{master}, append(further, selected...)...)
	case len(selected) > 0:
		d.wanted = append([]wanted{selected[0]}, append(further, selected[1:]...)...)
	default:
		d.wanted = further
	}
	d.checkTogether()
	if len(d.wanted) > MaxNetworks {
		d.faults.addf("pod %s: %d networks, with those that every pod gets; a pod can have %d", d.pod, len(d.wanted), MaxNetworks)
		d.wanted = d.wanted[:MaxNetworks]
	}
}

// nothing is the error for a pod with no network at all.
func (d *draft) nothing() error {
	text := "no network at all: neither clusterNetwork nor delegates are configured"
	if !d.pod.IsZero() {
		text = fmt.Sprintf("pod %s: %s, and the pod's %s annotation names none", d.pod, text, NetworksKey)
	}
	return errors.New(text + "; set clusterNetwork in the configuration")
}

// configured is the default network of the configuration.
func (d *draft) configured() (wanted, bool) {
	conf := d.planner.Conf
	switch {
	case conf.ClusterNetwork != "":
		return wanted{source: d.clusterLevel(conf.ClusterNetwork), asker: "clusterNetwork"}, true
	case len(conf.Delegates) > 0:
		return d.delegate(0), true
	}
	return wanted{}, false
}

// clusterLevel is where a network that the configuration names is to be had.
func (d *draft) clusterLevel(name string) source {
	if strings.Contains(name, "/") {
		return source{origin: path, name: name}
	}
	return source{origin: clusterName, name: name, ref: Ref{Namespace: d.planner.Conf.MultusNamespace, Name: name}}
}

// furtherDelegates are the delegates beside the default network.
func (d *draft) furtherDelegates() []wanted {
	var further []wanted
	for i := 1; i < len(d.planner.Conf.Delegates); i++ {
		further = append(further, d.delegate(i))
	}
	return further
}

// delegate is one of the configuration's inline networks.
func (d *draft) delegate(i int) wanted {
	name := d.planner.Conf.Delegates[i].List.Name()
	return wanted{source: source{origin: inline, name: name, index: i}, asker: "delegates"}
}

// defaultNetworks are the further networks of every pod that is no system pod.
// The namespace decides also where nothing else of the pod is known any more.
func (d *draft) defaultNetworks() []wanted {
	if slices.Contains(d.planner.Conf.SystemNamespaces, d.pod.Namespace) {
		return nil
	}
	var networks []wanted
	for _, name := range d.planner.Conf.DefaultNetworks {
		networks = append(networks, wanted{source: d.clusterLevel(name), asker: "defaultNetworks"})
	}
	return networks
}

// podDefault is the default network that the pod asks for instead of the
// configuration's.
func (d *draft) podDefault() (wanted, bool) {
	selections, askedFor := d.selections(DefaultNetworkKey, d.planner.Conf.MultusNamespace)
	if !askedFor {
		return wanted{}, false
	}
	if len(selections) > 1 {
		d.faults.addf("annotation %s: names %d networks; name one", DefaultNetworkKey, len(selections))
	}
	if s := selections[0]; s.Interface != "" {
		d.faults.addf("annotation %s, %s: interface: the runtime names the default network's interface, %s; take %s out", DefaultNetworkKey, s, d.sandbox.IfName, quote(s.Interface))
		selections[0].Interface = ""
	}
	w := d.wantedBy(selections[0], DefaultNetworkKey)
	if err := d.mayUse(w, d.planner.Conf.MultusNamespace); err != nil {
		w.refused = true
		d.fault(w, err)
	}
	return w, true
}

// podNetworks are the networks that the pod asks for.
func (d *draft) podNetworks() []wanted {
	selections, _ := d.selections(NetworksKey, d.pod.Namespace)
	told := make(map[Ref]bool)
	var networks []wanted
	for _, s := range selections {
		w := d.wantedBy(s, NetworksKey)
		err := d.mayUse(w, d.pod.Namespace)
		w.refused = err != nil
		if w.refused && !told[s.Ref] {
			told[s.Ref] = true
			d.fault(w, err)
		}
		networks = append(networks, w)
	}
	return networks
}

// selections reads one of the pod's annotations. An annotation that nothing can
// be looked up for is ignored, and one with a fault selects nothing.
func (d *draft) selections(key, namespace string) ([]Selection, bool) {
	text := d.pod.Annotations[key]
	if d.pod.IsZero() || strings.TrimSpace(text) == "" {
		return nil, false
	}
	if d.planner.Definitions == nil {
		d.warn("annotation "+key, "is ignored: no kubeconfig is configured, so the pod gets the static networks alone")
		return nil, false
	}
	annotation := Annotation{Key: key, Text: text, Namespace: namespace, DeviceIDs: d.planner.Conf.AllowPodDeviceID}
	selections, warnings, err := annotation.Selections()
	d.warnings = append(d.warnings, warnings...)
	d.faults.add(err)
	return selections, len(selections) > 0
}

// wantedBy is what a selection wants.
func (d *draft) wantedBy(s Selection, key string) wanted {
	return wanted{source: source{origin: definition, ref: s.Ref}, selection: s, key: key, asker: "the pod's " + key + " annotation"}
}

// mayUse tells whether the pod may have what it selected: definitions of its own
// namespace, of those that the policy says, and of the one given here.
func (d *draft) mayUse(w wanted, also string) error {
	conf, from := d.planner.Conf, w.source.ref.Namespace
	if from == also || conf.MayUse(d.pod.Namespace, from) {
		return nil
	}
	return fmt.Errorf("pods of namespace %q may not use NetworkAttachmentDefinitions of namespace %q: namespaceIsolation is on, and globalNamespaces (%s) does not hold it; name one of the pod's own namespace in %s",
		d.pod.Namespace, from, strings.Join(conf.GlobalNamespaces, ", "), w.asker)
}

// checkTogether refuses what the selections of the pod cannot have beside each
// other, or beside the default network.
func (d *draft) checkTogether() {
	for i := range d.wanted {
		w := &d.wanted[i]
		err := d.checkInterface(i, w.selection)
		if err == nil && i > 0 && w.selection.DefaultRoute != nil && d.wanted[0].key != w.key && d.wanted[0].selection.DefaultRoute != nil {
			err = fmt.Errorf("default-route: annotation %s has this key too, and only one network can carry the default route; take it out of one of them", DefaultNetworkKey)
		}
		if err != nil {
			w.refused = true
			d.faults.addf("annotation %s, %s: %w", w.key, w.selection, err)
		}
	}
}

// checkInterface tells whether the i-th attachment can have the name that it
// asks for, as far as the runtime's own name for the master goes.
func (d *draft) checkInterface(i int, s Selection) error {
	runtime := d.sandbox.IfName
	switch {
	case s.Interface == "":
		return nil
	case i == 0 && s.Interface != runtime:
		return fmt.Errorf("interface: no default network is configured, so this is the pod's first network, whose interface the runtime calls %s; take %s out, or configure clusterNetwork", runtime, quote(s.Interface))
	case i > 0 && s.Interface == runtime:
		return fmt.Errorf("interface: %s is what the runtime calls the default network's interface; choose another", quote(runtime))
	}
	return nil
}
