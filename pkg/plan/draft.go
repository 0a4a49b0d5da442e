package plan

import (
	"fmt"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
)

// draft is a plan in the making: chosen, then fetched, then assembled. Faults
// and warnings gather on the way, so that each step can say all that it finds.
type draft struct {
	planner Planner
	sandbox Sandbox
	pod     Pod
	salvage bool // for DEL: nothing is asked but the API server

	kind     string             // of the objects that define networks
	wanted   []wanted           // the master first
	networks map[source]network // what could be resolved
	faults   fault.List
	warnings fault.Notes
}

func (p Planner) draft(sb Sandbox, pod Pod) draft {
	return draft{planner: p, sandbox: sb, pod: pod, kind: KindNAD}
}

// wanted is one attachment that somebody asked for.
type wanted struct {
	source    source
	selection Selection // the zero value where no pod selected it
	key       string    // of the annotation or the configuration that asks for it
	refused   bool      // the pod may not have it; it keeps its place and its name
}

// origin tells the kinds of source apart.
type origin int

const (
	definition  origin = iota // an object of the draft's kind
	clusterName               // a definition in multusNamespace, else a network on disk
	path                      // a file or directory that the configuration names
	inline                    // one of the configuration's delegates
	chain                     // the auxiliary chain
)

// source is where a network's configuration is to be had. It is comparable: what
// several attachments want is resolved once.
type source struct {
	origin origin
	ref    Ref    // of a definition, an object, or a cluster-level name
	name   string // as the configuration has it
	index  int    // of a delegate, the master's being 0
}

// String is how error messages call what is wanted: network default/a, or the
// key of the configuration and what it names.
func (w wanted) String() string {
	if w.source.origin == definition {
		return "network " + w.source.ref.String()
	}
	return w.key + " " + fault.Quote(w.source.name)
}

// network is a source that was resolved.
type network struct {
	list     netconf.List
	title    string // what users call it
	resource string // whose devices it needs; empty: none
	from     string // where the configuration came from, for people
}

// asker is who wants it: clusterNetwork, the pod's … annotation.
func (w wanted) asker() string {
	if w.selection.Position == 0 {
		return w.key
	}
	return "the pod's " + w.key + " annotation"
}

// reason says why the attachment is there.
func (w wanted) reason() string {
	if w.selection.Position == 0 {
		return w.asker()
	}
	return fmt.Sprintf("%s, element %d", w.asker(), w.selection.Position)
}

// fault collects what is wrong with one network.
func (d *draft) fault(w wanted, err error) { d.faults.Add(fault.About(w.String(), err)) }

// warn collects what is odd about something.
func (d *draft) warn(about string, warnings ...string) {
	for _, warning := range warnings {
		d.warnings.Add(about + ": " + warning)
	}
}
