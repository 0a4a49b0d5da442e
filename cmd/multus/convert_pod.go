package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

const (
	legacyKey         = plan.LegacyNetworksKey
	networksKey       = plan.NetworksKey
	defaultNetworkKey = plan.DefaultNetworkKey
)

// pod is a pod or workload that selects with the annotations of today what it
// selected with the older one; nil where it does not have that.
func (cv *conversion) pod(ctx context.Context, o manifest.Object) (json.RawMessage, error) {
	pod, err := cv.objects.Pod(ctx, o.Namespace, o.Name)
	if err != nil {
		return nil, err
	}
	if _, given := pod.Annotations[legacyKey]; !given {
		return nil, nil
	}
	refs, warnings, err := selectedObjects(ctx, pod)
	for _, w := range warnings {
		cv.warn("%s: %s", o, w)
	}
	if err != nil {
		return nil, unnamed(pod, err)
	}
	cv.reachable(ctx, o, refs)
	if len(refs) > 0 && !hasNamespace(o) {
		cv.homeless = append(cv.homeless, o.Kind+" "+o.Name)
	}
	return edited(o.JSON, metadataOf(o.Kind), func(meta map[string]json.RawMessage) error {
		return selectToday(meta, refs)
	})
}

// selectToday writes the annotations of today in the place of the older one. The
// first network was the default one, with the runtime's name for its interface;
// the names of the others follow from their positions, then as now.
func selectToday(meta map[string]json.RawMessage, refs []plan.Ref) error {
	annotations := make(map[string]string)
	if err := json.Unmarshal(meta["annotations"], &annotations); err != nil {
		return fmt.Errorf("annotations: %w", err)
	}
	delete(annotations, legacyKey)
	if len(refs) > 0 {
		// Unqualified, it would be a name in multusNamespace.
		annotations[defaultNetworkKey] = refs[0].String()
		delete(annotations, networksKey) // empty: the planner has refused it otherwise
	}
	if len(refs) > 1 {
		var names []string
		for _, ref := range refs[1:] {
			names = append(names, ref.Name)
		}
		annotations[networksKey] = strings.Join(names, ", ")
	}
	if len(annotations) == 0 {
		delete(meta, "annotations")
		return nil
	}
	var err error
	meta["annotations"], err = json.Marshal(annotations)
	return err
}

// selectedObjects are the Network objects that a pod selects. They are what the
// planner says, so that the annotation is read here as it is when the pod starts.
func selectedObjects(ctx context.Context, pod plan.Pod) (refs []plan.Ref, warnings []string, err error) {
	if selectsNothing(pod.Annotations[legacyKey]) {
		return nil, nil, nil
	}
	conf := config.Default()
	conf.LegacyNetworks = true
	// To select a network is not to find it: every one is known here.
	every := definitionsFunc(func(plan.Ref) plan.Definition { return lenient() })
	planner := plan.Planner{Conf: conf, Definitions: every, Networks: every}
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	for _, a := range made.Attachments {
		namespace, name, _ := strings.Cut(a.Network, "/")
		refs = append(refs, plan.Ref{Namespace: namespace, Name: name})
	}
	return refs, made.Warnings, err
}

// selectsNothing tells an annotation that counts as absent.
func selectsNothing(text string) bool {
	text = strings.TrimSpace(text)
	var elements []json.RawMessage
	return text == "" || text[0] == '[' && json.Unmarshal([]byte(text), &elements) == nil && len(elements) == 0
}

// reachable warns of networks that the files have in neither form.
func (cv *conversion) reachable(ctx context.Context, o manifest.Object, refs []plan.Ref) {
	told := make(map[plan.Ref]bool)
	for _, ref := range refs {
		old := cv.objects.Networks().Definitions(ctx, []plan.Ref{ref})[ref].Err
		today := cv.objects.Definitions(ctx, []plan.Ref{ref})[ref].Err
		if told[ref] || old == nil || today == nil {
			continue
		}
		told[ref] = true
		cv.warn("%s: the Network object %s is not among the files; convert it too, for the pod needs it as a NetworkAttachmentDefinition now", o, ref)
	}
}

// surroundings tells what of the configuration gives the converted pods other
// networks: the older objects took the place of all that it has.
func (cv *conversion) surroundings(o manifest.Object) {
	conf, err := config.Parse(o.JSON)
	if err != nil {
		for _, f := range separate(err) {
			cv.faults = append(cv.faults, fmt.Errorf("%s: %w", o, f))
		}
		return
	}
	for _, d := range conf.Delegates[min(1, len(conf.Delegates)):] {
		cv.further(o, "delegates", d.List.Name())
	}
	for _, name := range conf.DefaultNetworks {
		cv.further(o, "defaultNetworks", name)
	}
}

func (cv *conversion) further(o manifest.Object, key, network string) {
	cv.warn("%s: key %q: converted pods get network %q as well, between eth0 and their other networks; the annotation %q kept it off them: take it out of the configuration if no pod needs it",
		o, key, network, legacyKey)
}

// metadataOf is where a kind of object has the metadata of its pods.
func metadataOf(kind string) []string {
	switch kind {
	case "Pod":
		return []string{"metadata"}
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template", "metadata"}
	}
	return []string{"spec", "template", "metadata"}
}

// edited is a JSON object with one of the objects within it changed.
func edited(raw json.RawMessage, path []string, change func(map[string]json.RawMessage) error) (json.RawMessage, error) {
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	if len(path) == 0 {
		if err := change(members); err != nil {
			return nil, err
		}
		return json.Marshal(members)
	}
	inner, err := edited(members[path[0]], path[1:], change)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path[0], err)
	}
	members[path[0]] = inner
	return json.Marshal(members)
}

// hasNamespace tells whether an object itself names its namespace.
func hasNamespace(o manifest.Object) bool {
	var object struct {
		Metadata struct {
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	return json.Unmarshal(o.JSON, &object) == nil && object.Metadata.Namespace != ""
}
