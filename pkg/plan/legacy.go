package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// legacyNetworks are the networks of a pod that selects the older
// kubernetes.com/v1 Network objects: a JSON list of {"name": …} in the
// annotation `networks`. They are all of the pod's networks, whatever default
// network the configuration has; the first is the master.
func (d *draft) legacyNetworks() (networks []wanted, chosen bool) {
	text := strings.TrimSpace(d.pod.Annotations[LegacyNetworksKey])
	if !d.planner.Conf.LegacyNetworks || d.pod.IsZero() || text == "" {
		return nil, false
	}
	if d.planner.Networks == nil {
		d.warn("annotation "+LegacyNetworksKey, "is ignored: no kubeconfig is configured, so the pod gets the static networks alone")
		return nil, false
	}
	for _, other := range []string{NetworksKey, DefaultNetworkKey} {
		if strings.TrimSpace(d.pod.Annotations[other]) != "" {
			d.faults.addf("pod %s: has both annotations, %s and %s; keep one", d.pod, LegacyNetworksKey, other)
		}
	}
	refs, err := d.legacyRefs(text)
	d.faults.add(err)
	for i, ref := range refs {
		networks = append(networks, wanted{
			source:    source{origin: networkObject, ref: ref},
			selection: Selection{Position: i + 1, Ref: ref},
			key:       LegacyNetworksKey,
			asker:     "the pod's " + LegacyNetworksKey + " annotation",
		})
	}
	return networks, len(networks) > 0 || len(d.faults) > 0
}

// legacyRefs reads the annotation.
func (d *draft) legacyRefs(text string) ([]Ref, error) {
	annotation := Annotation{Key: LegacyNetworksKey, Text: d.pod.Annotations[LegacyNetworksKey], Namespace: d.pod.Namespace}
	if err := annotation.readable(); err != nil {
		return nil, fmt.Errorf("annotation %s: %w", LegacyNetworksKey, err)
	}
	r := reader{Annotation: annotation}
	var elements []json.RawMessage
	switch err := json.Unmarshal([]byte(text), &elements); {
	case text[0] != '[':
		r.faults.addf(`annotation %s: a JSON list is expected, not %s; write [{"name": "net-a"}]`, r.Key, quote(text))
	case err != nil:
		r.faults.addf("annotation %s: %w", r.Key, r.where(err))
	case !r.tooMany(len(elements)):
		for i, raw := range elements {
			r.legacyElement(Selection{Position: i + 1}, raw)
		}
	}
	d.warnings = append(d.warnings, clipWarnings(r.warnings)...)
	var refs []Ref
	for _, s := range r.selections {
		refs = append(refs, s.Ref)
	}
	return refs, r.faults.err()
}

// legacyElement reads one element: a name, and nothing else.
func (r *reader) legacyElement(s Selection, raw json.RawMessage) {
	s.Ref.Namespace = r.Namespace
	e := element{selection: s, reader: r}
	err := only(raw, func(m member) error {
		if m.key != "name" {
			e.unknown("", m.key)
			return nil
		}
		return e.name(m.value)
	})
	if err == nil && e.selection.Ref.Name == "" {
		err = errors.New("name: is missing; name a network")
	}
	if err != nil {
		r.fault(s, err)
		return
	}
	r.selections = append(r.selections, e.selection)
}
