package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/plan"
)

const explainHelp = `Usage: multus explain -f FILE... [POD] [flags]
       multus explain POD [flags]

Shows what ADD would do for a pod: each interface with its network, the plugins
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

The exit code is 1 if a pod would not start.

Examples:
  multus explain -f pod.yaml -f networks/
  multus explain -f pods.yaml -o json shop/web
  multus explain kube-system/dns --conf /etc/cni/net.d/00-multus.conflist
`

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

// explain is the subcommand.
func explain(ctx context.Context, c cli) int {
	opts, code, stop := explainFlags(c)
	if stop {
		return code
	}
	source := explainCluster
	if len(opts.files) > 0 {
		source = explainFiles
	}
	explained, warnings, err := source(ctx, c, opts)
	for _, w := range warnings {
		fmt.Fprintln(c.stderr, "warning:", w)
	}
	for _, f := range separate(err) {
		fmt.Fprintln(c.stderr, "multus explain:", flat(f))
	}
	if err != nil {
		return exitFailed
	}
	if err := show(c, opts, explained); err != nil {
		fmt.Fprintln(c.stderr, "multus explain: standard output:", err)
		return exitFailed
	}
	if slices.ContainsFunc(explained, func(e explanation) bool { return e.err != nil }) {
		return exitFailed
	}
	return exitOK
}

func explainFlags(c cli) (opts explainOptions, code int, stop bool) {
	fs := flags(c, "explain", explainHelp)
	fs.StringArrayVarP(&opts.files, "file", "f", nil, "`FILE` or folder with pods, networks and configuration; - is standard input; repeatable")
	fs.StringVar(&opts.conf, "conf", "", "`FILE` with the multus configuration (default: the first one in "+runtimeConfigurations+", or that of the files)")
	fs.StringArrayVar(&opts.bin, "bin", nil, "`DIR` to look for plugins in first; repeatable")
	fs.StringVarP(&opts.output, "output", "o", "table", "`FORMAT`: table, json or yaml")
	if code, stop = parse(c, fs); stop {
		return opts, code, true
	}
	opts.pod = fs.Arg(0)
	if err := opts.check(fs); err != nil {
		fmt.Fprintf(c.stderr, "multus explain: %v; see `multus explain --help`\n", err)
		return opts, exitUsage, true
	}
	return opts, exitOK, false
}

func (o explainOptions) check(fs *pflag.FlagSet) error {
	switch {
	case fs.NArg() > 1:
		return fmt.Errorf("%q: one POD at most is expected; files are given with -f", fs.Arg(1))
	case len(o.files) == 0 && o.pod == "":
		return errors.New("nothing to explain: name a POD, or files with -f FILE")
	case strings.Count(o.pod, "/") > 1:
		return fmt.Errorf("%q: [namespace/]name is expected", o.pod)
	case !slices.Contains([]string{"table", "json", "yaml"}, o.output):
		return fmt.Errorf("-o %q: table, json or yaml is expected", o.output)
	}
	for _, dir := range o.bin {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("--bin %s: no such folder", dir)
		}
	}
	return nil
}

// explained plans a pod. What the runtime would add to CNI_ARGS is left out.
func explained(ctx context.Context, planner plan.Planner, pod plan.Pod) explanation {
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	return explanation{pod: pod, plan: made, err: err}
}
