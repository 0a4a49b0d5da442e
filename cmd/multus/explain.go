package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/plan"
)

const explainHelp = `Shows what ADD would do for a pod: each interface with its network, the plugins
that make it, what is asked of them, where the configuration comes from, and why
the interface is there and named so. Runs nothing and changes nothing.

With -f, the pods, networks and multus configuration of the files are all there
is; without a configuration among them (or --conf), the pods' own networks are
all they get. POD is one of the pods; all are explained where none is named.
Plugins' binaries are looked for only where --bin names a folder, since the node
is another machine as a rule.

Without -f, POD and the networks are read from the API server, with the
configuration and the kubeconfig of this node, as the plugin does it; binaries
are looked for in --bin, $CNI_PATH and the configuration's binDir.

POD is [namespace/]name. Where a network needs a device and there is no kubelet to
ask for the pod's, that is the fault that is shown.

The exit code is 1 if a pod would not start.`

// explainOptions are the flags of explain.
type explainOptions struct {
	files  []string
	conf   string
	bin    []string
	output string
	pod    string // as it was given; empty: all
}

// explanation is what ADD would do for one pod.
type explanation struct {
	pod  plan.Pod
	plan plan.Plan
	err  error // why it would fail
}

func explainCommand(std streams) *cobra.Command {
	var opts explainOptions
	cmd := &cobra.Command{
		Use: "explain [POD] [-f FILE...]", Short: "Show the networks that a pod would get, and why", Long: explainHelp,
		Example: `  multus explain -f pod.yaml -f networks/
  multus explain -f pods.yaml -o json shop/web
  multus explain kube-system/dns --conf /etc/cni/net.d/00-multus.conflist`,
		Args: func(_ *cobra.Command, args []string) error { return opts.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return explain(cmd.Context(), std, opts) },
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&opts.files, "file", "f", nil, "`FILE` or directory with pods, networks and configuration; - is standard input; repeatable")
	fs.StringVar(&opts.conf, "conf", "", "`FILE` with the multus configuration (default: the first one in "+runtimeConfigurations+", or that of the files)")
	fs.StringArrayVar(&opts.bin, "bin", nil, "`DIR` to look for plugins in first; repeatable")
	fs.StringVarP(&opts.output, "output", "o", "table", "`FORMAT`: table, json or yaml")
	formats(cmd, "table", "json", "yaml")
	return cmd
}

func explain(ctx context.Context, std streams, opts explainOptions) error {
	source := explainCluster
	if len(opts.files) > 0 {
		source = explainFiles
	}
	explained, warnings, err := source(ctx, std, opts)
	for _, w := range warnings {
		fmt.Fprintln(std.err, "warning:", w)
	}
	if err != nil {
		return err
	}
	if err := show(std, opts, explained); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if slices.ContainsFunc(explained, func(e explanation) bool { return e.err != nil }) {
		return exitCode(exitFailed)
	}
	return nil
}

// check takes the arguments, and refuses what cannot be.
func (o *explainOptions) check(args []string) error {
	if len(args) > 0 {
		o.pod = args[0]
	}
	switch {
	case len(args) > 1:
		return fmt.Errorf("%q: one POD at most is expected; files are given with -f", args[1])
	case len(o.files) == 0 && o.pod == "":
		return errors.New("nothing to explain: name a POD, or files with -f FILE")
	case strings.Count(o.pod, "/") > 1:
		return fmt.Errorf("%q: [namespace/]name is expected", o.pod)
	case !slices.Contains([]string{"table", "json", "yaml"}, o.output):
		return fmt.Errorf("-o %q: table, json or yaml is expected", o.output)
	}
	return checkBin(o.bin)
}

// explained plans a pod. What the runtime would add to CNI_ARGS is left out.
func explained(ctx context.Context, planner plan.Planner, pod plan.Pod) explanation {
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	return explanation{pod: pod, plan: made, err: err}
}
