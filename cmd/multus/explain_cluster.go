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
	"github.com/multus-cni/multus/pkg/plan"
)

// runtimeConfigurations is where container runtimes look for the configuration.
const runtimeConfigurations = "/etc/cni/net.d"

// explainCluster explains a pod of the cluster, with the plugin of this node.
func explainCluster(ctx context.Context, _ streams, opts explainOptions) ([]explanation, []string, error) {
	conf, warnings, err := confOfNode(opts.conf)
	if err != nil {
		return nil, warnings, err
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
// the container runtime could take.
func confOfNode(file string) (config.Config, []string, error) {
	if file != "" {
		return firstConf([]string{file})
	}
	return confIn(runtimeConfigurations)
}

// confIn is the first multus configuration of a directory.
func confIn(dir string) (config.Config, []string, error) {
	files, err := configurations(dir)
	if err != nil {
		return config.Config{}, nil, err
	}
	return firstConf(files)
}

// firstConf is the first multus configuration among the files; what the others
// are is told where there is none.
func firstConf(files []string) (config.Config, []string, error) {
	var skipped []error
	for _, f := range files {
		objects, err := manifest.Load(f)
		if _, given := objects.Conf(); given {
			return confOf(objects)
		}
		if err == nil {
			err = fmt.Errorf("%s: no multus configuration in it", f)
		}
		skipped = append(skipped, err)
	}
	return config.Config{}, nil, errors.Join(skipped...)
}

// configurations are the files of the directory that the container runtime reads, by
// name.
func configurations(dir string) ([]string, error) {
	const cure = "name the multus configuration with --conf FILE, or pods and networks with -f FILE"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, cure)
	}
	var files []string
	for _, e := range entries {
		if slices.Contains([]string{".conf", ".conflist", ".json"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no configuration in it; %s", dir, cure)
	}
	return files, nil
}
