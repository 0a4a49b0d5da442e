package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// lastApplied is where kubectl keeps the object as it was applied last.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// network is the NetworkAttachmentDefinition that does what an older Network
// object does; nil where the files have it already.
func (cv *conversion) network(ctx context.Context, o manifest.Object) (json.RawMessage, error) {
	ref := plan.Ref{Namespace: o.Namespace, Name: o.Name}
	answer := cv.objects.Networks().Definitions(ctx, []plan.Ref{ref})[ref]
	if answer.Err != nil {
		return nil, answer.Err
	}
	config := answer.Definition.Config
	list, warnings, err := netconf.Parse([]byte(config), o.Name)
	for _, w := range warnings {
		cv.warn("%s: args: %s", o, w)
	}
	if err != nil {
		var faults []error
		for _, f := range separate(err) {
			faults = append(faults, fmt.Errorf("args: %w", f))
		}
		return nil, errors.Join(faults...)
	}
	there, err := cv.there(ctx, ref, list)
	if there || err != nil {
		return nil, err
	}
	return definitionOf(o, config)
}

// there tells whether the files have the definition already. One of that name that
// is another network must not be written over.
func (cv *conversion) there(ctx context.Context, ref plan.Ref, want netconf.List) (bool, error) {
	answer := cv.objects.Definitions(ctx, []plan.Ref{ref})[ref]
	if answer.Err != nil {
		return false, nil //nolint:nilerr // it is not there
	}
	list, _, err := netconf.Parse([]byte(answer.Definition.Config), ref.Name)
	if err == nil && list.Equal(want) {
		return true, nil
	}
	return false, fmt.Errorf("the NetworkAttachmentDefinition %s among the files is another network; rename one of the two", ref)
}

// definitionOf writes the NetworkAttachmentDefinition. Of the metadata goes what
// the API server and kubectl noted about the older object.
func definitionOf(o manifest.Object, config string) (json.RawMessage, error) {
	var old struct {
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	if err := json.Unmarshal(o.JSON, &old); err != nil {
		return nil, err
	}
	meta := make(map[string]json.RawMessage)
	for _, key := range []string{"name", "generateName", "namespace", "labels"} {
		if value, given := old.Metadata[key]; given {
			meta[key] = value
		}
	}
	annotations := make(map[string]string)
	if err := json.Unmarshal(given(old.Metadata["annotations"]), &annotations); err != nil {
		return nil, fmt.Errorf("metadata.annotations: %w", err)
	}
	delete(annotations, lastApplied)
	if len(annotations) > 0 {
		meta["annotations"], _ = json.Marshal(annotations) // strings always marshal
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(config), "", "  "); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"apiVersion": "k8s.cni.cncf.io/v1",
		"kind":       kindDefinition,
		"metadata":   meta,
		"spec":       map[string]string{"config": pretty.String() + "\n"},
	})
}

// given is the value, null where there is none.
func given(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("null")
	}
	return value
}
