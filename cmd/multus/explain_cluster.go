package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

const (
	// runtimeConfigurations is where container runtimes look for the configuration.
	runtimeConfigurations = "/etc/cni/net.d"
	// listTime is how long all pods of a cluster, and their networks, may take.
	listTime = 2 * time.Minute
)

// errNoConf says that a machine has no multus configuration.
var errNoConf = errors.New("no multus configuration in it")

// explainCluster explains pods of the cluster: with the plugin of this node, or,
// elsewhere, with the kubeconfig of whoever asks.
func explainCluster(ctx context.Context, std streams, opts explainOptions) ([]explanation, error) {
	conf, err := std.confOfNode(opts.conf, runtimeConfigurations)
	onNode := err == nil
	if opts.conf == "" && errors.Is(err, errNoConf) {
		conf, err = (&manifest.Objects{}).Config()
		std.warn("no multus configuration on this machine, nor with --conf: a default network is assumed")
	}
	if err != nil {
		return nil, err
	}
	client := kube.Dial(conf.Kubeconfig) // as the plugin of this node does it
	if opts.kubeconfig != "" || opts.context != "" || !onNode {
		if client, err = kube.User(opts.kubeconfig, opts.context); err != nil {
			return nil, err
		}
	}
	p := newPlugin(append(opts.bin, filepath.SplitList(os.Getenv("CNI_PATH"))...), conf, nil)
	connect(&p, client)
	if client == nil {
		pod := plan.Pod{Namespace: cmp.Or(opts.pod.namespace, "default"), Name: opts.pod.name}
		std.warn("the configuration has no kubeconfig: a pod gets the static networks alone, whatever its annotations")
		return []explanation{explained(ctx, p.Planner, pod)}, nil
	}
	planner := p.Planner
	planner.Definitions = client
	if !onNode {
		ref := plan.Ref{Namespace: conf.MultusNamespace, Name: conf.ClusterNetwork}
		planner.Devices, planner.Binaries, planner.Definitions = nil, nil, assumed{client, ref}
	}
	defer progress(std, "asking the API server")()
	limit := conf.APITimeout
	if opts.pod.name == "" {
		limit = max(limit, listTime)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	pods, err := clusterPods(ctx, std, client, opts)
	if err != nil {
		return nil, err
	}
	var all []explanation
	for _, pod := range pods {
		all = append(all, explained(ctx, planner, pod))
	}
	if onNode {
		addChanges(std, all, p.State)
	}
	return all, nil
}

// assumed are definitions of which one is assumed to be there.
type assumed struct {
	others plan.Definitions
	ref    plan.Ref
}

// Definitions answers every ref.
func (a assumed) Definitions(ctx context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	rest := slices.DeleteFunc(slices.Clone(refs), func(r plan.Ref) bool { return r == a.ref })
	answers := a.others.Definitions(ctx, kind, rest)
	answers[a.ref] = plan.Answer{Definition: manifest.StandIn("")}
	return answers
}

// clusterPods are the pods that are meant: one, that of a workload, or all.
func clusterPods(ctx context.Context, std streams, client *kube.Client, opts explainOptions) ([]plan.Pod, error) {
	if opts.pod.name == "" {
		pods, err := client.Pods(ctx, opts.namespace)
		if err == nil && len(pods) == 0 {
			err = errors.New("there are no pods")
		}
		return pods, err
	}
	ref := plan.Ref{Namespace: cmp.Or(opts.pod.namespace, "default"), Name: opts.pod.name}
	if opts.pod.kind == "" || opts.pod.kind == "Pod" {
		pod, err := client.Pod(ctx, ref.Namespace, ref.Name)
		return []plan.Pod{pod}, fault.About("pod "+ref.String(), err)
	}
	text, err := client.Workload(ctx, opts.pod.kind, ref)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", opts.pod.kind, ref, err)
	}
	std.in = bytes.NewReader(text)
	objects, err := std.read("-")
	pods := objects.Pods()
	for i := range pods {
		pods[i].UID = "" // made up
	}
	return pods, err
}

// confOfNode is the configuration in the file, or, without one, the first that
// the container runtime could take from the directory.
func (s streams) confOfNode(file, dir string) (config.Config, error) {
	files := []string{file}
	if file == "" {
		names, err := netconf.RuntimeFiles(dir)
		if err != nil {
			return config.Config{}, err
		}
		files = nil
		for _, name := range names {
			files = append(files, filepath.Join(dir, name))
		}
	}
	skipped := []error{fmt.Errorf("%s: %w; name the multus configuration with --conf FILE", cmp.Or(file, dir), errNoConf)}
	for _, f := range files {
		objects, err := manifest.Load(f)
		if _, given := objects.Conf(); given {
			return s.confOf(objects)
		}
		if err != nil {
			skipped = append(skipped, err)
		}
	}
	return config.Config{}, errors.Join(skipped...)
}

// confOf is the multus configuration of the files, or one that assumes a default network.
func (s streams) confOf(objects *manifest.Objects) (config.Config, error) {
	conf, err := objects.Config()
	for _, w := range conf.Warnings {
		s.warn("multus configuration: " + w)
	}
	return conf, fault.About("multus configuration", err)
}
