package manifest

import (
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

// KindFile is what a network is that a file for a node has, beside plan.KindNAD and
// plan.KindNetwork.
const KindFile = "CNI configuration"

const (
	versionNAD     = "k8s.cni.cncf.io/v1"
	versionNetwork = "kubernetes.com/v1"
)

// any reads an object, or a list of them.
func (l *loader) any(v value) {
	if v.node.Kind == 0 || v.node.Tag == "!!null" {
		return
	}
	if kind := v.kind(); kind != "an object" {
		v.fault(kind+" where an object is expected", "")
		return
	}
	apiVersion, kind := v.text("apiVersion", "").Value, v.text("kind", "").Value
	switch {
	case len(v.doc.faults) > 0:
	case apiVersion == "" && kind == "":
		l.configuration(v)
	case kind == "":
		v.at("kind").fault("missing", "")
	case strings.HasSuffix(kind, "List") && v.at("items").node != nil:
		l.items(v)
	default:
		l.object(Object{Kind: kind, Place: v.place(), root: v}, apiVersion)
	}
}

// items reads the objects of a list. Those of a typed list need not say what they are.
func (l *loader) items(v value) {
	kind := strings.TrimSuffix(v.at("kind").scalar(), "List")
	for _, item := range v.list("items") {
		item.path = ""
		if kind != "" && item.node.Kind == yaml.MappingNode && item.at("kind").node == nil {
			typed := []*yaml.Node{textNode("kind"), textNode(kind), textNode("apiVersion"), textNode(v.at("apiVersion").scalar())}
			item.node.Content = append(typed, item.node.Content...)
		}
		own := *v.doc // the fault of one item is not another's
		own.faults, item.doc = nil, &own
		l.any(item)
		v.doc.faults = append(v.doc.faults, own.faults...)
	}
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// object sorts an object by its kind.
func (l *loader) object(o Object, apiVersion string) {
	group, _, _ := strings.Cut(apiVersion, "/") // v1 for the core's
	template, workload := templateOf(o.root, group+"/"+o.Kind)
	var take func(*Object)
	switch {
	case apiVersion+" "+o.Kind == versionNAD+" "+plan.KindNAD:
		take = l.definition
	case apiVersion+" "+o.Kind == versionNetwork+" "+plan.KindNetwork:
		take = l.network
	case workload:
		o.Template = template
		take = l.pod
	case apiVersion == "v1" && o.Kind == "ConfigMap":
		take = l.configMap
	case apiVersion == "v1" && o.Kind == "Namespace":
		return
	default:
		l.other(o, apiVersion)
		return
	}
	o.identify()
	if len(o.root.doc.faults) == 0 {
		l.once(o)
	}
	if len(o.root.doc.faults) == 0 {
		take(&o)
	}
	for i := range o.root.doc.faults {
		o.root.doc.faults[i].Subject = o.Subject()
	}
}

// other leaves an object out, unless it is meant to be one of ours.
func (l *loader) other(o Object, apiVersion string) {
	group, _, _ := strings.Cut(apiVersion, "/")
	ours := map[string]string{plan.KindNAD: versionNAD, "Pod": "v1"}
	neighbours := []string{"IPAMClaim", "MultiNetworkPolicy"} // others' kinds in the group
	near := name.Nearest(o.Kind, []string{plan.KindNAD})
	want := ours[o.Kind]
	switch {
	case want != "":
		o.root.at("apiVersion").fault(fault.Quote(apiVersion)+", where that of a "+o.Kind+" is "+fault.Quote(want), "")
	case near != "" || group == "k8s.cni.cncf.io" && !slices.Contains(neighbours, o.Kind):
		o.root.at("kind").fault(fault.Quote(o.Kind)+" is no kind of "+versionNAD, "did you mean "+plan.KindNAD+"?")
	default:
		l.skipped[o.Kind]++
	}
}

// once refuses a second object of the same kind and name. Directories may have one
// each, and kustomizations have patches.
func (l *loader) once(o Object) {
	key := o.Kind + " " + o.Ref().String()
	first, taken := l.seen[key]
	dir := filepath.Dir(o.root.doc.file)
	patched := regular.Exists(filepath.Join(dir, "kustomization.yaml")) || regular.Exists(filepath.Join(dir, "kustomization.yml"))
	if taken && !(l.found && (patched || filepath.Dir(first.root.doc.file) != dir)) {
		o.root.fault("the second of that name", "the first is at "+first.Place)
	}
	if !taken {
		l.seen[key] = o
	}
}
