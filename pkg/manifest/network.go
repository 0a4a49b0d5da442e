package manifest

import (
	"strings"

	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// definition takes a NetworkAttachmentDefinition.
func (l *loader) definition(o *Object) {
	o.Config = o.root.object("spec").text("config", `write "config: |" and the JSON indented below it`)
	if template(o.Config.Value) {
		l.note(o.Place, o.Subject()+": a template; give what it is rendered to")
		o.Config.Value = ""
	}
	checkJSON(o.Config)
	l.take(o, o.Config.Value)
}

// network takes an older Network object.
func (l *loader) network(o *Object) {
	plugin := o.root.text("plugin", "").Value
	o.Config = o.root.text("args", "")
	checkJSON(o.Config)
	conf, err := plan.LegacyConfig(plugin, o.Config.Value)
	if len(o.root.doc.faults) == 0 {
		o.root.refuse(err)
	}
	l.take(o, conf)
}

// take adds a network, also a faulty one: pods may name it.
func (l *loader) take(o *Object, conf string) {
	o.Annotations = annotations(o.root.at("metadata"))
	known := l.objects.known[o.Kind]
	if _, taken := known[o.Ref()]; !taken {
		known[o.Ref()] = plan.Definition{Config: conf, Resource: o.Annotations[plan.ResourceKey].Value}
	}
	if len(o.root.doc.faults) == 0 {
		l.objects.all = append(l.objects.all, *o)
	}
}

// checkJSON says where the JSON of a network is broken. What it means is the
// planner's to judge.
func checkJSON(text Text) {
	if err := rawjson.Check([]byte(text.Value)); strings.TrimSpace(text.Value) != "" {
		text.at.refuse(text.Located(err))
	}
}
