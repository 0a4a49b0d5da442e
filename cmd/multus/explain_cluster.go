package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/multus"
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
func explainCluster(ctx context.Context, std streams, opts explainOptions) ([]explanation, []string, error) {
	conf, warnings, err := confOfNode(opts.conf, runtimeConfigurations)
	onNode := err == nil
	if err != nil && (opts.conf != "" || !errors.Is(err, errNoConf)) {
		return nil, warnings, err
	}
	if !onNode {
		conf, err = (&manifest.Objects{}).Config()
		warnings = append(warnings, "no multus configuration on this machine, nor with --conf: a default network is assumed")
	}
	if err != nil {
		return nil, warnings, err
	}
	p, client, done, err := explainingPlugin(opts, conf, onNode)
	if err != nil {
		return nil, warnings, err
	}
	defer done()
	if client == nil {
		pod := plan.Pod{Namespace: cmp.Or(opts.pod.namespace, "default"), Name: opts.pod.name}
		warnings = append(warnings, "the configuration has no kubeconfig: a pod gets the static networks alone, whatever its annotations")
		return []explanation{explained(ctx, p.Planner, pod)}, warnings, nil
	}
	defer progress(std, "asking the API server")()
	ctx, cancel := context.WithTimeout(ctx, max(conf.APITimeout, map[bool]time.Duration{true: listTime}[opts.pod.name == ""]))
	defer cancel()
	pods, err := clusterPods(ctx, client, opts)
	if err != nil {
		return nil, warnings, err
	}
	var all []explanation
	for _, pod := range pods {
		all = append(all, explained(ctx, p.Planner, pod))
	}
	if onNode {
		warnings = append(warnings, addChanges(all, p.State)...)
	}
	return all, warnings, nil
}

// explainingPlugin is the plugin of this node, or one that knows of no node, and the
// API server that it asks; nil: none.
func explainingPlugin(opts explainOptions, conf config.Config, onNode bool) (multus.Plugin, *kube.Client, func(), error) {
	log := logrus.New()
	log.SetOutput(io.Discard)
	path := append(slices.Clone(opts.bin), filepath.SplitList(os.Getenv("CNI_PATH"))...)
	p := newPlugin(path, conf, logrus.NewEntry(log))
	var client *kube.Client
	var err error
	switch {
	case opts.kubeconfig != "" || opts.context != "" || !onNode:
		client, err = kube.User(opts.kubeconfig, opts.context)
	case conf.Kubeconfig != "":
		client, err = kube.Dial(conf.Kubeconfig)
	}
	if err != nil {
		return p, nil, nil, err
	}
	connect(&p, client)
	if client == nil {
		return p, nil, func() {}, nil
	}
	if !onNode {
		p.Planner.Devices, p.Planner.Binaries = nil, nil
		ref := plan.Ref{Namespace: conf.MultusNamespace, Name: conf.ClusterNetwork}
		p.Planner.Definitions = assumed{client, ref}
	}
	return p, client, client.Close, nil
}

// assumed are definitions of which one is assumed to be there.
type assumed struct {
	others plan.Definitions
	ref    plan.Ref
}

// Definitions answers every ref.
func (a assumed) Definitions(ctx context.Context, refs []plan.Ref) map[plan.Ref]plan.Answer {
	rest := slices.DeleteFunc(slices.Clone(refs), func(r plan.Ref) bool { return r == a.ref })
	answers := map[plan.Ref]plan.Answer{}
	if len(rest) > 0 {
		answers = a.others.Definitions(ctx, rest)
	}
	answers[a.ref] = plan.Answer{Definition: manifest.StandIn("")}
	return answers
}

// clusterPods are the pods that are meant: one, that of a workload, or all.
func clusterPods(ctx context.Context, client *kube.Client, opts explainOptions) ([]plan.Pod, error) {
	ref := plan.Ref{Namespace: cmp.Or(opts.pod.namespace, "default"), Name: opts.pod.name}
	switch kind := cmp.Or(opts.pod.kind, "Pod"); {
	case opts.pod.name == "":
		pods, err := client.Pods(ctx, opts.namespace)
		if err == nil && len(pods) == 0 {
			err = errors.New("there are no pods")
		}
		return pods, err
	case kind != "Pod":
		text, err := client.Workload(ctx, kind, ref)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, ref, err)
		}
		objects, err := manifest.Read(bytes.NewReader(text), "-")
		if err == nil && len(objects.Pods()) == 0 {
			err = errors.New("it has no template of a pod")
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, ref, err)
		}
		pods := objects.Pods()
		for i := range pods {
			pods[i].UID = "" // made up
		}
		return pods, nil
	}
	pod, err := client.Pod(ctx, ref.Namespace, ref.Name)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", ref, err)
	}
	return []plan.Pod{pod}, nil
}

// confOfNode is the configuration in the file, or, without one, the first that
// the container runtime could take from the directory.
func confOfNode(file, dir string) (config.Config, []string, error) {
	files := []string{file}
	if file == "" {
		names, err := netconf.RuntimeFiles(dir)
		if errors.Is(err, os.ErrNotExist) {
			err = errNoConf
		}
		if err != nil {
			return config.Config{}, nil, err
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
			return confOf(objects)
		}
		if err != nil {
			skipped = append(skipped, err)
		}
	}
	return config.Config{}, nil, errors.Join(skipped...)
}
