package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

// explainFiles explains pods of files, which stand in for the API server.
func explainFiles(ctx context.Context, std streams, opts explainOptions) ([]explanation, []string, error) {
	files := opts.files
	if opts.conf != "" {
		files = append(slices.Clone(files), opts.conf)
	}
	objects, err := manifest.Read(std.in, files...)
	if err != nil {
		return nil, objects.Warnings, err
	}
	conf, warnings, err := confOf(objects)
	warnings = append(objects.Warnings, warnings...)
	if _, given := objects.Conf(); !given {
		warnings = append(warnings, "no multus configuration among the files, nor with --conf: a default network is assumed")
	}
	if conf.AuxiliaryChain != "" {
		warnings = append(warnings, "the auxiliary chain "+conf.AuxiliaryChain+" is the node's: it is not shown")
	}
	if err != nil {
		return nil, warnings, err
	}
	planner := objects.Planner(conf)
	if len(opts.bin) > 0 {
		planner.Binaries = binaries{delegate.Runner{Exec: &delegate.Process{Stderr: std.err}, Path: opts.bin}}
	}
	pods, err := podsOf(objects, opts.pod)
	var all []explanation
	for _, pod := range pods {
		e := explained(ctx, planner, pod)
		e.pod.UID = "" // made up where the file has none
		e.locate(ctx, objects)
		all = append(all, e)
	}
	return all, warnings, err
}

// locate adds where the files have each network, or what they have instead.
func (e *explanation) locate(ctx context.Context, objects *manifest.Objects) {
	for i, a := range e.plan.Attachments {
		namespace, name, _ := strings.Cut(a.Network, "/")
		ref := plan.Ref{Namespace: namespace, Name: name}
		if a.Config.Plugins()[0].Type() == manifest.Unknown {
			e.plan.Attachments[i].Source = "not among the files"
			if err := objects.Definitions(ctx, []plan.Ref{ref})[ref].Err; err != nil && !a.Master {
				e.plan.Warnings = append(e.plan.Warnings, fmt.Sprintf("%s: %v", a, err))
			}
			continue
		}
		for _, o := range objects.All() {
			if o.Pod.IsZero() && o.Ref() == ref {
				e.plan.Attachments[i].Source = a.Source + ", " + o.Place
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

// confOf is the multus configuration of the files, or one that assumes a default network.
func confOf(objects *manifest.Objects) (config.Config, []string, error) {
	conf, err := objects.Config()
	var warnings []string
	for _, w := range conf.Warnings {
		warnings = append(warnings, "multus configuration: "+w)
	}
	return conf, warnings, fault.About("multus configuration", err)
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
