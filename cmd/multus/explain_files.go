package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

// explainFiles explains pods of files, which stand in for the API server.
func explainFiles(ctx context.Context, std streams, opts explainOptions) ([]explanation, error) {
	if opts.conf != "" {
		opts.files = append(opts.files, opts.conf)
	}
	objects, err := std.read(opts.files...)
	if err != nil {
		return nil, err
	}
	conf, err := std.confOf(objects)
	if _, given := objects.Conf(); !given {
		std.warn("no multus configuration among the files, nor with --conf: a default network is assumed")
	}
	if conf.AuxiliaryChain != "" {
		std.warn("the auxiliary chain " + conf.AuxiliaryChain + " is the node's: it is not shown")
	}
	if err != nil {
		return nil, err
	}
	planner := objects.Planner(conf)
	if len(opts.bin) > 0 {
		planner.Binaries = binaries{delegate.Runner{Exec: delegate.Process{}, Path: opts.bin}}
	}
	pods, err := podsOf(objects, opts.pod)
	var all []explanation
	for _, pod := range pods {
		e := explained(ctx, planner, pod)
		e.locate(objects)
		all = append(all, e)
	}
	return all, err
}

// locate adds where the files have each network, or what they have instead.
func (e *explanation) locate(objects *manifest.Objects) {
	for i, a := range e.Attachments {
		namespace, name, _ := strings.Cut(a.Network, "/")
		ref := plan.Ref{Namespace: namespace, Name: name}
		if a.Config.Plugins()[0].Type() == manifest.Unknown {
			e.Attachments[i].Source = "not among the files"
			if err := objects.Find(plan.KindNAD, ref).Err; err != nil && !a.Master {
				e.Warnings = append(e.Warnings, fmt.Sprintf("%s: %v", a, err))
			}
			continue
		}
		for _, o := range objects.All() {
			if o.Pod.IsZero() && o.Ref() == ref {
				e.Attachments[i].Source = a.Source + ", " + o.Place
			}
		}
	}
}

// binaries are those of the plugins that are known.
type binaries struct{ delegate.Runner }

// Find finds something for the plugin that is not known.
func (b binaries) Find(pluginType string) (string, error) {
	if pluginType == manifest.Unknown {
		return "/", nil
	}
	return b.Runner.Find(pluginType)
}

// podsOf are the pods that are meant.
func podsOf(objects *manifest.Objects, wanted target) ([]plan.Pod, error) {
	var names []string
	var found []plan.Pod
	for _, o := range objects.All() {
		if o.Pod.IsZero() {
			continue
		}
		names = append(names, o.Pod.String())
		if wanted.is(o) {
			o.Pod.UID = "" // made up where the file has none
			found = append(found, o.Pod)
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("no pods in the files: a Pod, or a workload with a template for one, is what is to be explained")
	case len(found) == 0:
		name := strings.Trim(wanted.namespace+"/"+wanted.name, "/")
		return nil, fmt.Errorf("%s %s: not in the files, which have %s", cmp.Or(strings.ToLower(wanted.kind), "pod"), name, strings.Join(names[:min(len(names), 8)], ", "))
	}
	return found, nil
}
