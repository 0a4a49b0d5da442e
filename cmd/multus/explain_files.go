package main

import (
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
		warnings = append(warnings, "no multus configuration among the files, nor with --conf: pods get nothing but the networks that they name themselves")
	}
	if err != nil {
		return nil, warnings, err
	}
	planner := plan.Planner{Conf: conf}
	if conf.Kubeconfig != "" {
		planner.Definitions, planner.Networks = objects, objects.Networks()
	}
	if len(opts.bin) > 0 {
		planner.Binaries = delegate.Runner{Exec: &delegate.Process{Stderr: std.err}, Path: opts.bin}
	}
	pods, err := podsOf(objects, opts.pod)
	var all []explanation
	for _, pod := range pods {
		e := explained(ctx, planner, pod)
		e.pod.UID = "" // made up where the file has none
		all = append(all, e)
	}
	return all, warnings, err
}

// confOf is the multus configuration of the files, or one of nothing but an API server.
func confOf(objects *manifest.Objects) (config.Config, []string, error) {
	text, given := objects.Conf()
	if !given {
		text = []byte(tryConf)
	}
	conf, err := config.Parse(text)
	var warnings []string
	for _, w := range conf.Warnings {
		warnings = append(warnings, "multus configuration: "+w)
	}
	return conf, warnings, fault.About("multus configuration", err)
}

// podsOf are the pods that are meant: all, the one of the full name, or the ones
// of that name in whatever namespace.
func podsOf(objects *manifest.Objects, wanted string) ([]plan.Pod, error) {
	pods := objects.Pods()
	if len(pods) == 0 {
		return nil, errors.New("no pods in the files: a Pod, or a workload with a template for one, is what is to be explained")
	}
	if wanted == "" {
		return pods, nil
	}
	var names []string
	var found []plan.Pod
	for _, pod := range pods {
		names = append(names, pod.String())
		if pod.String() == wanted || pod.Name == wanted {
			found = append(found, pod)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("pod %s: not in the files, which have %s", wanted, strings.Join(names[:min(len(names), 8)], ", "))
	}
	return found, nil
}
