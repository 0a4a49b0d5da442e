package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/multus-cni/multus/pkg/plan"
)

// resourceAnnotation names the device plugin resource of a network (Device
// Information Specification, section 4.1).
const resourceAnnotation = "k8s.v1.cni.cncf.io/resourceName"

// definition takes a NetworkAttachmentDefinition.
func (l *loader) definition(o read) error {
	spec, err := o.fields.object("spec")
	if err != nil {
		return err
	}
	conf, err := spec.text("config")
	if err != nil {
		return fmt.Errorf("spec.%w: write \"config: |\" and the JSON indented below it", err)
	}
	if err := o.configFault(conf); err != nil {
		return fmt.Errorf("spec.config: %w", err)
	}
	l.objects.nads.known[o.ref()] = plan.Definition{Config: conf, Resource: o.annotations[resourceAnnotation]}
	l.objects.all = append(l.objects.all, o.Object)
	return nil
}

// network takes an older Network object.
func (l *loader) network(o read) error {
	plugin, err := o.fields.text("plugin")
	if err != nil {
		return err
	}
	args, err := o.fields.text("args")
	if err != nil {
		return err
	}
	conf, err := plan.LegacyConfig(plugin, args)
	if err != nil {
		return err
	}
	l.objects.networks.known[o.ref()] = plan.Definition{Config: conf, Resource: o.annotations[resourceAnnotation]}
	l.objects.all = append(l.objects.all, o.Object)
	return nil
}

func (o read) ref() plan.Ref { return plan.Ref{Namespace: o.Namespace, Name: o.Name} }

// configFault says where the JSON of a network is broken. What the JSON means is
// the planner's to judge.
func (o read) configFault(conf string) error {
	if len(bytes.TrimSpace([]byte(conf))) == 0 {
		return nil
	}
	line, what := syntax([]byte(conf))
	if what == "" {
		return nil
	}
	if at := o.document.lineOf(bytes.Split([]byte(conf), []byte("\n"))[line-1]); at > 0 {
		return fmt.Errorf("line %d of the file: %s", at, what)
	}
	if bytes.IndexByte([]byte(conf), '\n') < 0 {
		return errors.New(what)
	}
	return fmt.Errorf("line %d of it: %s", line, what)
}

// lineOf finds the line of the file that holds the given line of a value in block
// style; 0 where there is none or more than one.
func (d document) lineOf(wanted []byte) int {
	wanted = bytes.TrimSpace(wanted)
	found := 0
	number := d.first()
	for line := range bytes.Lines(d.text) {
		if bytes.Equal(bytes.TrimSpace(line), wanted) {
			if found > 0 {
				return 0
			}
			found = number
		}
		number++
	}
	return found
}

// first is the number of the line with which the document's text begins, which
// may be before its first line with content.
func (d document) first() int { return d.place.Line - max(firstContent(d.text), 0) }
