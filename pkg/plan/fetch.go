package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

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

// lookUp asks for all definitions in one call, each once. Older Network objects
// are never wanted beside definitions.
func (d *draft) lookUp(ctx context.Context) map[Ref]Answer {
	from := d.planner.Definitions
	var refs []Ref
	for _, w := range d.wanted {
		if w.source.origin == networkObject {
			from = d.planner.Networks
		}
		ref := w.source.ref // of what is not looked up: none
		if !w.refused && ref.check() == nil && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if from == nil || refs == nil {
		return nil
	}
	return from.Definitions(ctx, refs)
}

// resolve turns a source into a network.
func (d *draft) resolve(w wanted, answers map[Ref]Answer) (network, error) {
	s := w.source
	switch s.origin {
	case inline:
		list := d.planner.Conf.Delegates[s.index].List
		return network{list: list, title: list.Name(), origin: "delegates of the configuration", object: w.String()}, nil
	case path:
		found, err := onPath(s.name)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; create it or correct %s", err, w.asker())
		}
		return d.fromFile(w, found, err)
	}
	answer, answered := answers[s.ref]
	switch {
	case s.origin == clusterName && (!answered || errors.Is(answer.Err, ErrNotFound)):
		return d.onDisk(w, answered)
	case !answered:
		return network{}, errors.New("the lookup gave no answer for it; try again")
	case errors.Is(answer.Err, ErrNotFound):
		return network{}, fmt.Errorf("no %s %q in namespace %q%s; create it or correct %s", s.kind(), s.ref.Name, s.ref.Namespace, details(answer.Err), w.asker())
	case answer.Err != nil:
		return network{}, answer.Err
	}
	return d.fromDefinition(s, answer.Definition)
}

// kind is what the API server calls the source's objects.
func (s source) kind() string {
	if s.origin == networkObject {
		return "Network"
	}
	return "NetworkAttachmentDefinition"
}

// fromDefinition reads a definition's own configuration, and that alone, or
// finds the network of its name on disk (multi-network specification 3.4.1).
func (d *draft) fromDefinition(s source, def Definition) (network, error) {
	n := network{title: s.ref.String(), resource: def.Resource, object: s.kind() + " " + s.ref.String()}
	n.origin = n.object
	if def.Config == "" {
		found, err := d.planner.Conf.ConfDir.Named(s.ref.Name)
		d.warn("network "+n.title, found.Warnings...)
		if errors.Is(err, netconf.ErrNotFound) {
			return n, fmt.Errorf("the %s has no spec.config, so a file on the node has to have it: %w; give it one of the two", s.kind(), err)
		}
		n.list, n.origin, n.object = found.List, n.origin+", file "+found.File, "file "+found.File
		return n, err
	}
	list, warnings, err := netconf.Parse([]byte(def.Config), s.ref.Name)
	d.warn("network "+n.title, warnings...)
	if err != nil {
		return n, fmt.Errorf("spec.config: %w", err)
	}
	n.list = list
	return n, nil
}

// onDisk finds a cluster-level network by its name where no definition has it.
func (d *draft) onDisk(w wanted, answered bool) (network, error) {
	s := w.source
	found, err := d.planner.Conf.ConfDir.Named(s.name)
	if !errors.Is(err, netconf.ErrNotFound) {
		return d.fromFile(w, found, err)
	}
	d.warn(w.String(), found.Warnings...)
	if answered {
		err = fmt.Errorf("no NetworkAttachmentDefinition %q in namespace %q, and none on the node: %w", s.name, s.ref.Namespace, err)
	}
	return network{}, fmt.Errorf("%w; create it or correct %s", err, w.asker())
}

// details is what a source says beyond that there is no such object: that the
// whole kind is unknown, or which name was probably meant.
func details(err error) string {
	if err == ErrNotFound {
		return ""
	}
	return " (" + err.Error() + ")"
}

// onPath reads a file, or the first usable one of a folder.
func onPath(name string) (netconf.Found, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return netconf.Found{}, err
	case info.IsDir():
		return netconf.First(name)
	}
	return netconf.File(name)
}

func (d *draft) fromFile(w wanted, found netconf.Found, err error) (network, error) {
	d.warn(w.String(), found.Warnings...)
	file := "file " + found.File
	return network{list: found.List, title: found.List.Name(), origin: file, object: file}, err
}
