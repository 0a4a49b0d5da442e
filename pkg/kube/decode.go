package kube

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// resourceName is the annotation of a network whose pods need a device.
const resourceName = "k8s.v1.cni.cncf.io/resourceName"

// object is a JSON object whose keys are taken exactly as they are written.
type object map[string]json.RawMessage

// decodeDefinition reads a NetworkAttachmentDefinition. A schema on the server
// may be missing or lax, and people write objects by hand: nothing is taken for granted.
func decodeDefinition(body []byte, ref plan.Ref) (plan.Definition, error) {
	doc, err := document(body, ref)
	if err != nil {
		return plan.Definition{}, err
	}
	resource, err := resourceOf(doc)
	if err != nil {
		return plan.Definition{}, err
	}
	spec, err := doc.object("spec")
	if err != nil {
		return plan.Definition{}, err
	}
	config, err := spec.text("config")
	if err != nil {
		return plan.Definition{}, fmt.Errorf("spec.config must be a string that holds a JSON configuration: %w", err)
	}
	return plan.Definition{Config: config, Resource: resource}, nil
}

// document is the object in an answer, if it is the one that was asked for.
func document(body []byte, ref plan.Ref) (object, error) {
	var doc object
	if err := json.Unmarshal(body, &doc); err != nil || doc == nil {
		return nil, unavailable("the answer is no JSON object; is there a proxy between this node and the API server?")
	}
	meta, err := doc.object("metadata")
	if err != nil {
		return nil, err
	}
	name, err := meta.text("name")
	if err != nil {
		return nil, fmt.Errorf("metadata.name: %w", err)
	}
	namespace, err := meta.text("namespace")
	if err != nil {
		return nil, fmt.Errorf("metadata.namespace: %w", err)
	}
	if name != ref.Name || namespace != ref.Namespace {
		return nil, unavailable("the answer is not the object that was asked for; is there a proxy between this node and the API server?")
	}
	return doc, nil
}

// resourceOf is the resource that the network's annotation names, empty for none.
func resourceOf(doc object) (string, error) {
	meta, err := doc.object("metadata")
	if err != nil {
		return "", err
	}
	annotations, err := meta.object("annotations")
	if err != nil {
		return "", fmt.Errorf("metadata.%w", err)
	}
	resource, err := annotations.text(resourceName)
	if err != nil {
		return "", fmt.Errorf("metadata.annotations: %s must be a string: %w", resourceName, err)
	}
	return resource, nil
}

// object is the object under the key; absent and null are an empty one.
func (o object) object(key string) (object, error) {
	raw, given := o[key]
	if !given {
		return nil, nil
	}
	var member object
	if err := json.Unmarshal(raw, &member); err != nil {
		return nil, fmt.Errorf("%s must be an object: %w", key, notA(raw))
	}
	return member, nil
}

// text is the string under the key; absent and null are an empty one.
func (o object) text(key string) (string, error) {
	raw, given := o[key]
	if !given {
		return "", nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", notA(raw)
	}
	if text == nil {
		return "", nil
	}
	return *text, nil
}

// notA names what a value is instead of what it should be.
func notA(raw json.RawMessage) error { return errors.New("it is " + netconf.Kind(raw)) }
