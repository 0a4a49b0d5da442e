package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/plan"
)

const explainHelp = `Shows what ADD would do for a pod: each interface with its network, the plugins
that make it, what is asked of them, where the configuration comes from, and why
the interface is there and named so. Runs nothing and changes nothing.

With -f, the node is another machine as a rule: what it or the cluster alone has
(networks that are not among the files, files of the node, devices) is shown as
"unknown", and plugins' binaries are looked for only where --bin names a
directory. Without a configuration among the files (or --conf), a default
network is assumed. POD is one of the pods; without it, all are explained.

Without -f, POD and the networks are read from the API server. On a node, with
the configuration, the kubeconfig and the devices of this node, as the plugin
does it; binaries are looked for in --bin, $CNI_PATH and the configuration's
binDir, and what has changed since the pod was attached is shown too. Elsewhere,
or with --kubeconfig or --context, with the kubeconfig that kubectl would use.

POD is [namespace/]name, or pod/NAME, or KIND/NAME of a workload, in the
namespace that -n names. Without POD, -n explains all pods of a namespace, and
-A those of all namespaces.

The exit code is 1 if a pod would not start.`

// explainOptions are the flags of explain.
type explainOptions struct {
	files      []string
	conf       string
	bin        []string
	output     output
	namespace  string // of pods without one
	showConfig bool
	kubeconfig string
	context    string
	all        bool // namespaces
	pod        target
}

// explanation is what ADD would do for one pod.
type explanation struct {
	Pod         plan.Pod          `json:"pod"`
	Attachments []plan.Attachment `json:"attachments"`
	Warnings    []string          `json:"warnings,omitempty"`
	Faults      []string          `json:"faults,omitempty"`  // why it would not start
	Changes     []string          `json:"changes,omitempty"` // since it was attached
}

func explainCommand(std streams) *cobra.Command {
	var opts explainOptions
	cmd := &cobra.Command{
		Use: "explain [POD] [-f FILE...]", Short: "Show the networks that a pod would get, and why", Long: explainHelp,
		Example: `  multus explain -f pod.yaml -f networks/
  multus explain -f pods.yaml -o json shop/web
  multus explain -f deploy/ --show-config deployment/web
  multus explain kube-system/dns --conf /etc/cni/net.d/00-multus.conflist
  multus explain -n shop deployment/web --context production
  multus explain -A -o wide`,
		Args: func(_ *cobra.Command, args []string) error { return opts.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) error { return explain(cmd.Context(), std, opts) },
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&opts.files, "file", "f", nil, "`FILE` or directory with pods, networks and configuration; - is standard input; repeatable")
	fs.StringVar(&opts.conf, "conf", "", "`FILE` with the multus configuration (default: the first one in "+runtimeConfigurations+", or that of the files)")
	binFlag(fs, &opts.bin)
	fs.StringVarP(&opts.namespace, "namespace", "n", "", "`NAMESPACE` of the pod (default: default; with -f: any)")
	fs.BoolVarP(&opts.all, "all-namespaces", "A", false, "explain all pods of the cluster")
	fs.StringVar(&opts.kubeconfig, "kubeconfig", "", "`FILE` that names the API server (default: that of the node's configuration, else as kubectl)")
	fs.StringVar(&opts.context, "context", "", "`NAME` of a context of the kubeconfig (default: its current one)")
	fs.BoolVar(&opts.showConfig, "show-config", false, "print what each plugin reads on its standard input")
	opts.output.flag(cmd, "table, wide (however wide it gets), json or yaml", "table", "wide", "json", "yaml")
	return cmd
}

func explain(ctx context.Context, std streams, opts explainOptions) error {
	source := explainCluster
	if len(opts.files) > 0 {
		source = explainFiles
	}
	explained, err := source(ctx, std, opts)
	if err != nil {
		return err
	}
	columns := width(std.out)
	if opts.output.format == "wide" {
		columns = math.MaxInt
	}
	text := coloured(std.out, explainText(explained, columns, opts.showConfig),
		map[string]string{"  fault:": red, "  warning:": yellow, "  changed since it was attached:": cyan})
	if err := opts.output.print(std, explained, text); err != nil {
		return err
	}
	if slices.ContainsFunc(explained, func(e explanation) bool { return len(e.Faults) > 0 }) {
		return exitCode(exitFailed)
	}
	return nil
}

// check takes the arguments, and refuses what cannot be.
func (o *explainOptions) check(args []string) error {
	if len(args) > 0 {
		o.pod = targetOf(args[0], o.namespace)
	}
	switch {
	case len(args) > 1:
		return fmt.Errorf("%q: one POD at most is expected; files are given with -f", args[1])
	case len(o.files) > 0 && (o.all || o.kubeconfig != "" || o.context != ""):
		return errors.New("-A, --kubeconfig and --context are for a cluster, and -f is for files")
	case o.all && (o.pod.name != "" || o.namespace != ""):
		return errors.New("-A means all pods: name neither a POD nor a namespace")
	case len(o.files) == 0 && o.pod.name == "" && !o.all && o.namespace == "":
		return errors.New("nothing to explain: name a POD, files with -f FILE, a namespace with -n, or -A for all")
	case strings.Contains(o.pod.name, "/"):
		return fmt.Errorf("%q: [namespace/]name, or KIND/NAME, is expected", args[0])
	}
	return nil
}

// explained plans a pod. What the runtime would add to CNI_ARGS is left out.
func explained(ctx context.Context, planner plan.Planner, pod plan.Pod) explanation {
	made, err := planner.Plan(ctx, plan.Sandbox{IfName: "eth0"}, pod)
	e := explanation{Pod: pod, Attachments: append([]plan.Attachment{}, made.Attachments...), Warnings: made.Warnings}
	for _, f := range fault.All(err) {
		e.Faults = append(e.Faults, flat(f.Error()))
	}
	return e
}

// target is the pod, or the workload whose pods are meant.
type target struct{ kind, namespace, name string }

// targetOf reads NAME, NAMESPACE/NAME or KIND/NAME.
func targetOf(text, namespace string) target {
	kinds := map[string]string{"po": "Pod", "pod": "Pod", "pods": "Pod", "deploy": "Deployment", "sts": "StatefulSet", "ds": "DaemonSet", "rs": "ReplicaSet", "cj": "CronJob", "rc": "ReplicationController", "vm": "VirtualMachine", "vmi": "VirtualMachineInstance"}
	for kind, resource := range kube.Workloads() {
		kinds[strings.ToLower(kind)], kinds[resource.Resource] = kind, kind
	}
	first, rest, both := strings.Cut(text, "/")
	switch kind := kinds[strings.ToLower(first)]; {
	case !both:
		return target{namespace: namespace, name: text}
	case kind != "":
		return target{kind: kind, namespace: namespace, name: rest}
	}
	return target{namespace: first, name: rest}
}

// is tells whether an object, or its pod, is meant. An empty target means all.
func (t target) is(o manifest.Object) bool {
	return (t.kind == "" || t.kind == o.Kind) && (t.namespace == "" || t.namespace == o.Namespace) &&
		(t.name == "" || t.name == o.Name || t.name == o.Pod.Name)
}
