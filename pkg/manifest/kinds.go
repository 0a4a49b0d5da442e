package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
)

// Kinds that are told apart by more than their text.
const (
	kindNAD      = "NetworkAttachmentDefinition"
	groupNAD     = "k8s.cni.cncf.io/v1"
	groupNetwork = "kubernetes.com/v1"
)

// maxNesting bounds lists within lists.
const maxNesting = 3

// document reads one document.
func (l *loader) document(d document) {
	l.value(d, d.json, 0)
}

// value reads an object, or a list of them.
func (l *loader) value(d document, raw json.RawMessage, depth int) {
	if string(raw) == "null" {
		return
	}
	obj, err := fieldsOf(raw)
	if err != nil {
		l.fault(fmt.Errorf("%s: %w", d.place, err))
		return
	}
	apiVersion, errVersion := obj.text("apiVersion")
	kind, errKind := obj.text("kind")
	for _, err := range []error{errVersion, errKind} {
		if err != nil {
			l.fault(fmt.Errorf("%s: %w", d.place, err))
			return
		}
	}
	switch {
	case apiVersion == "" && kind == "":
		l.configuration(d, raw)
	case kind == "":
		l.fault(fmt.Errorf("%s: kind: missing", d.place))
	case obj.has("items") && strings.HasSuffix(kind, "List"):
		l.items(d, obj, depth)
	default:
		l.object(d, read{Object: Object{Kind: kind, Place: d.place, JSON: raw}, apiVersion: apiVersion, fields: obj})
	}
}

// items reads the objects of a list. Those of a typed list need not say what they are.
func (l *loader) items(d document, list fields, depth int) {
	items, err := list.list("items")
	if err != nil || depth == maxNesting {
		l.fault(fmt.Errorf("%s: items: a list of objects is expected, nested %d times at most", d.place, maxNesting))
		return
	}
	kind, _ := list.text("kind")
	for i, raw := range items {
		item, err := fieldsOf(raw)
		if err != nil {
			l.fault(fmt.Errorf("%s: items[%d]: %w", d.place, i, err))
			continue
		}
		if !item.has("kind") && kind != "List" {
			item["kind"] = quoted(strings.TrimSuffix(kind, "List"))
			item["apiVersion"] = list["apiVersion"]
			raw, _ = json.Marshal(item)
		}
		l.value(d, raw, depth+1)
	}
}

func quoted(s string) json.RawMessage {
	raw, _ := json.Marshal(s)
	return raw
}

// read is an object on its way in.
type read struct {
	Object
	apiVersion  string
	fields      fields
	document    document
	uid         string
	annotations map[string]string
}

// object sorts an object by its kind.
func (l *loader) object(d document, o read) {
	o.document = d
	var take func(read) error
	switch o.apiVersion + " " + o.Kind {
	case "v1 Pod":
		take = l.pod
	case groupNAD + " " + kindNAD:
		take = l.definition
	case groupNetwork + " Network":
		take = l.network
	case "v1 ConfigMap":
		take = l.configMap
	case "apps/v1 Deployment", "apps/v1 DaemonSet", "apps/v1 StatefulSet", "apps/v1 ReplicaSet",
		"batch/v1 Job", "batch/v1 CronJob", "v1 ReplicationController":
		take = l.workload
	case "v1 Namespace":
		return
	default:
		l.other(o)
		return
	}
	err := o.identify()
	if err == nil {
		err = l.once(o)
	}
	if err == nil {
		err = take(o)
	}
	if err != nil {
		l.fault(fmt.Errorf("%s: %w", o.Object, err))
	}
}

// other leaves an object out, unless it is one of ours under a wrong version.
func (l *loader) other(o read) {
	want := map[string]string{kindNAD: groupNAD, "Pod": "v1"}[o.Kind]
	if want == "" {
		l.warn("%s: left out: a %s is no pod and no network", o.Place, o.Kind)
		return
	}
	l.fault(fmt.Errorf("%s: apiVersion: %q, where that of a %s is %q", o.Place, o.apiVersion, o.Kind, want))
}

// identify reads the metadata.
func (o *read) identify() error {
	meta, err := o.fields.object("metadata")
	if err != nil {
		return err
	}
	err = o.identity(meta)
	if err != nil {
		return fmt.Errorf("metadata.%w", err)
	}
	return nil
}

func (o *read) identity(meta fields) error {
	var err error
	if o.Namespace, err = meta.text("namespace"); err != nil {
		return err
	}
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.Name, err = meta.text("name"); err != nil {
		return err
	}
	if o.Name == "" {
		// The API server would add a random end to it.
		generate, err := meta.text("generateName")
		if err != nil {
			return err
		}
		o.Name = strings.TrimRight(generate, "-.")
	}
	if err := named(o.Name); err != nil {
		name := o.Name
		o.Name = ""
		return fmt.Errorf("name: %q %w", name, err)
	}
	if err := named(o.Namespace); err != nil {
		return fmt.Errorf("namespace: %q %w", o.Namespace, err)
	}
	if o.uid, err = meta.text("uid"); err != nil {
		return err
	}
	o.annotations, err = annotations(meta)
	return err
}

// annotations reads the annotations; all values are strings.
func annotations(meta fields) (map[string]string, error) {
	given, err := meta.object("annotations")
	if err != nil {
		return nil, err
	}
	found := make(map[string]string, len(given))
	for key := range given {
		if found[key], err = given.text(key); err != nil {
			return nil, fmt.Errorf("annotations: %w; quote it, or write | behind the colon and the text indented below", err)
		}
	}
	return found, nil
}

// named checks a name by the rule that Kubernetes has for most objects.
func named(name string) error {
	if name == "" || len(name) > 253 {
		return errors.New("is no name: 1 to 253 characters are expected")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || !plain(label) || label[0] == '-' || label[len(label)-1] == '-' {
			return errors.New(`is no name: lower-case letters, digits, "-" and "." are allowed, ` +
				"with a letter or digit at both ends")
		}
	}
	return nil
}

// plain tells whether all characters are lower-case letters, digits or "-".
func plain(label string) bool {
	for i := range len(label) {
		c := label[i]
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// once refuses a second object of the same kind and name.
func (l *loader) once(o read) error {
	key := o.Kind + " " + plan.Ref{Namespace: o.Namespace, Name: o.Name}.String()
	if first, ok := l.seen[key]; ok {
		return fmt.Errorf("the second of that name; the first is at %s", first)
	}
	l.seen[key] = o.Place
	return nil
}
