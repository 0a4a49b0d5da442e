package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// runtimeConfigurations is where container runtimes look for the configuration.
const runtimeConfigurations = "/etc/cni/net.d"

// explainCluster explains a pod of the cluster, with the plugin of this node.
func explainCluster(ctx context.Context, _ streams, opts explainOptions) ([]explanation, []string, error) {
	conf, warnings, err := confOfNode(opts.conf, runtimeConfigurations)
	if err != nil {
		return nil, warnings, errors.Join(err, errors.New("elsewhere than on a node, give pods and networks with -f FILE"))
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	path := append(slices.Clone(opts.bin), filepath.SplitList(os.Getenv("CNI_PATH"))...)
	plugin, done, err := assemble(multus.Call{Path: path}, conf, logrus.NewEntry(log))
	if err != nil {
		return nil, warnings, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, conf.APITimeout)
	defer cancel()
	pod := plan.Pod{Namespace: cmp.Or(opts.pod.namespace, "default"), Name: opts.pod.name}
	if plugin.Cluster == nil {
		warnings = append(warnings, "the configuration has no kubeconfig: a pod gets the static networks alone, whatever its annotations")
		return []explanation{explained(ctx, plugin.Planner, pod)}, warnings, nil
	}
	found, err := plugin.Cluster.Pod(ctx, pod.Namespace, pod.Name)
	if err != nil {
		return nil, warnings, fmt.Errorf("pod %s: %w", pod, err)
	}
	return []explanation{explained(ctx, plugin.Planner, found)}, warnings, nil
}

// confOfNode is the configuration in the file, or, without one, the first that
// the container runtime could take from the directory.
func confOfNode(file, dir string) (config.Config, []string, error) {
	const cure = "name the multus configuration with --conf FILE"
	files := []string{file}
	if file == "" {
		names, err := netconf.RuntimeFiles(dir)
		if err != nil {
			return config.Config{}, nil, err
		}
		files = nil
		for _, name := range names {
			files = append(files, filepath.Join(dir, name))
		}
	}
	skipped := []error{fmt.Errorf("%s: no multus configuration in it; %s", cmp.Or(file, dir), cure)}
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
