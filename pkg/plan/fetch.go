package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
)

// fetch resolves what is wanted: all definitions at once, the rest from disk.
func (d *draft) fetch(ctx context.Context) {
	d.networks = make(map[source]network)
	answers := d.lookUp(ctx)
	tried := make(map[source]bool)
	unavailable := false
	for _, w := range d.wanted {
		if w.refused || tried[w.source] {
			continue
		}
		tried[w.source] = true
		n, err := d.resolve(w, answers)
		if err == nil {
			err = d.checkPlugins(w, n)
		}
		outage := errors.Is(err, ErrUnavailable)
		switch {
		case err == nil:
			d.networks[w.source] = n
		case !outage || !unavailable: // one outage is one fault
			d.fault(w, err)
		}
		unavailable = unavailable || outage
	}
	d.addChain()
}

// lookUp asks for all definitions in one call, each once.
func (d *draft) lookUp(ctx context.Context) map[Ref]Answer {
	var refs []Ref
	for _, w := range d.wanted {
		ref := w.source.ref // of what is not looked up: none
		if !w.refused && ref.check() == nil && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if d.planner.Definitions == nil || refs == nil {
		return nil
	}
	return d.planner.Definitions.Definitions(ctx, d.kind, refs)
}

// resolve turns a source into a network.
func (d *draft) resolve(w wanted, answers map[Ref]Answer) (network, error) {
	s := w.source
	switch s.origin {
	case inline:
		list := d.planner.Conf.Delegates[s.index].List
		return network{list: list, title: list.Name(), from: "delegates of the configuration"}, nil
	case path:
		return d.onPath(w)
	}
	answer, answered := answers[s.ref]
	missing := fmt.Sprintf("no %s %q in namespace %q", d.kind, s.ref.Name, s.ref.Namespace)
	cure := "create it or correct " + w.asker()
	if s.origin == clusterName && d.salvage && errors.Is(answer.Err, ErrUnavailable) {
		// An outage hides which of the two it is; what is on the node can be undone.
		if n, err := d.onDisk(w, "", cure); err == nil {
			return n, nil
		}
	}
	switch {
	case s.origin == clusterName && !answered:
		return d.onDisk(w, "", cure)
	case s.origin == clusterName && errors.Is(answer.Err, ErrNotFound):
		return d.onDisk(w, missing+", and none on the node: ", cure)
	case !answered, answer.Err == ErrNotFound:
		return network{}, fmt.Errorf("%s; %s", missing, cure)
	case errors.Is(answer.Err, ErrNotFound): // which name was meant, or that the whole kind is unknown
		return network{}, fmt.Errorf("%s (%s); %s", missing, answer.Err.Error(), cure)
	case answer.Err != nil:
		return network{}, answer.Err
	}
	return d.fromDefinition(w, answer.Definition)
}

// fromDefinition reads a definition's own configuration, and that alone, or
// finds the network of its name on disk (multi-network specification 3.4.1).
func (d *draft) fromDefinition(w wanted, def Definition) (n network, err error) {
	ref := w.source.ref
	object := d.kind + " " + ref.String()
	if def.Config == "" {
		n, err = d.onDisk(w, "the "+d.kind+" has no spec.config, so a file on the node has to have it: ", "give it one of the two")
		n.from = object + ", " + n.from
	} else {
		var warnings []string
		n = network{from: object}
		n.list, warnings, err = netconf.Parse([]byte(def.Config), ref.Name)
		d.warn(w.String(), warnings...)
		err = fault.Under("spec.config", err)
	}
	n.title, n.resource = ref.String(), def.Resource
	return n, err
}

// onDisk finds a network by its name among those on disk. Where it is not there,
// the error says why it was looked for, and what to do.
func (d *draft) onDisk(w wanted, why, cure string) (network, error) {
	found, err := d.planner.Conf.ConfDir.Named(w.source.ref.Name)
	if errors.Is(err, netconf.ErrNotFound) {
		err = fmt.Errorf("%s%w; %s", why, err, cure)
	}
	return d.fromFile(w, found, err)
}

// onPath reads a file, or the first usable one of a directory.
func (d *draft) onPath(w wanted) (network, error) {
	read := netconf.File
	info, err := os.Stat(w.source.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return network{}, fmt.Errorf("%w; create it or correct %s", err, w.asker())
	case err != nil:
		return network{}, err
	case info.IsDir():
		read = netconf.First
	}
	found, err := read(w.source.name)
	return d.fromFile(w, found, err)
}

func (d *draft) fromFile(w wanted, found netconf.Found, err error) (network, error) {
	d.warn(w.String(), found.Warnings...)
	return network{list: found.List, title: found.List.Name(), from: "file " + found.File}, err
}
