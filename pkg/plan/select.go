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
	conf := d.planner.Conf
	selections := d.selections(DefaultNetworkKey, conf.MultusNamespace, d.planner.Definitions)
	if len(selections) == 0 {
		return wanted{}, false
	}
	if len(selections) > 1 {
		d.faults.Addf("annotation %s: names %d networks; name one", DefaultNetworkKey, len(selections))
	}
	s := selections[0]
	if s.Interface != "" && s.Interface != d.sandbox.IfName {
		d.faults.Addf("annotation %s, %s: interface: the runtime names the default network's interface, %s; take %s out", DefaultNetworkKey, s, d.sandbox.IfName, fault.Quote(s.Interface))
	}
	s.Interface = ""
	w := wantedBy(s, DefaultNetworkKey)
	if from := s.Ref.Namespace; from != conf.MultusNamespace && !slices.Contains(conf.DefaultNetworkNamespaces, from) {
		d.isolate(&w)
	}
	return w, true
}

// podNetworks are the networks that the pod asks for.
func (d *draft) podNetworks() []wanted {
	told := make(map[Ref]bool)
	var networks []wanted
	for _, s := range d.selections(NetworksKey, d.pod.Namespace, d.planner.Definitions) {
		w := wantedBy(s, NetworksKey)
		if w.refused = told[s.Ref]; !w.refused {
			d.isolate(&w)
			told[s.Ref] = w.refused
		}
		networks = append(networks, w)
	}
	return networks
}

// selections reads one of the pod's annotations. One with a fault selects
// nothing, nor does one whose networks cannot be looked up: a pod must not start
// with fewer networks than it asks for.
func (d *draft) selections(key, namespace string, from Definitions) []Selection {
	if d.pod.IsZero() {
		return nil
	}
	conf := d.planner.Conf
	selections, warnings, err := Annotation{
		Key: key, Text: d.pod.Annotations[key], Namespace: namespace,
		DeviceIDs: conf.AllowPodDeviceID, StrictClaims: conf.UnsupportedRequests == config.UnsupportedFail,
	}.Selections()
	d.warnings.Add(warnings...)
	d.faults.Add(err)
	if len(selections) > 0 && from == nil {
		d.faults.Addf("annotation %s: asks for networks, and no kubeconfig is configured to look them up with; set kubeconfig in the node's configuration, or take the annotation out", key)
		return nil
	}
	return selections
}

// wantedBy is what a selection wants.
func wantedBy(s Selection, key string) wanted {
	return wanted{source: source{origin: definition, ref: s.Ref}, selection: s, key: key, asker: "the pod's " + key + " annotation"}
}

// isolate refuses what namespaceIsolation keeps from the pod: definitions of
// namespaces that are neither its own nor global.
func (d *draft) isolate(w *wanted) {
	conf, from := d.planner.Conf, w.source.ref.Namespace
	if conf.MayUse(d.pod.Namespace, from) {
		return
	}
	w.refused = true
	cure := "name one of the pod's own namespace in " + w.asker
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
		w := &d.wanted[i]
		err := d.checkInterface(i, w.selection)
		if err == nil && i > 0 && w.selection.DefaultRoute != nil && d.wanted[0].key != w.key && d.wanted[0].selection.DefaultRoute != nil {
			err = fmt.Errorf("default-route: annotation %s has this key too, and only one network can carry the default route; take it out of one of them", DefaultNetworkKey)
		}
		if err != nil {
			w.refused = true
			d.faults.Addf("annotation %s, %s: %w", w.key, w.selection, err)
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
		return fmt.Errorf("interface: no default network is configured, so this is the pod's first network, whose interface the runtime calls %s; take %s out, or configure clusterNetwork", runtime, fault.Quote(s.Interface))
	case i > 0 && s.Interface == runtime:
		return fmt.Errorf("interface: %s is what the runtime calls the default network's interface; choose another", fault.Quote(runtime))
	}
	return nil
}
