package node

import (
	"cmp"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
)

// ErrNoDefaultNetwork says that no file of the directory can be the default network.
var ErrNoDefaultNetwork = errors.New("no configuration of a default network")

// defaultNetwork finds the configuration that Multus is to attach pods to first: the
// one that is asked for, else the first that can be one. Warnings tell what was
// passed over, and why.
func (o Options) defaultNetwork() (netconf.Found, []string, error) {
	if network, given := o.Keys.Text("clusterNetwork"); given {
		found, err := configured(network)
		return found, nil, err
	}
	dir := o.primaryDir()
	files, err := netconf.RuntimeFiles(dir)
	if err != nil {
		return netconf.Found{}, nil, err
	}
	if o.ClusterNetwork != "" {
		files = slices.DeleteFunc(files, func(f string) bool { return f != o.ClusterNetwork })
	}
	var passed fault.Notes
	for _, file := range files {
		// What is to be overwritten is no default network, whatever somebody put there.
		if dir == o.ConfDir && o.isNamed(file) {
			continue
		}
		found, err := netconf.File(filepath.Join(dir, file))
		if err == nil && o.ClusterNetwork == "" {
			err = unfit(file, found.List)
		}
		if err == nil && o.runsMultus(found.List) {
			err = errors.New("it is a configuration of multus itself")
		}
		if err != nil {
			passed.Addf("%s is not taken for the default network: %v", file, err)
			continue
		}
		return found, passed, nil
	}
	return netconf.Found{}, passed, fmt.Errorf("%w: in %s; is the default network's own DaemonSet running on this node?",
		ErrNoDefaultNetwork, filepath.Join(dir, o.ClusterNetwork))
}

// configured is the default network that the admin's keys name: a file by its path, or
// a network that is not looked for here.
func configured(network string) (netconf.Found, error) {
	if !strings.Contains(network, "/") {
		return netconf.Found{}, nil
	}
	if info, err := os.Stat(network); err == nil && info.IsDir() {
		return netconf.First(network)
	}
	found, err := netconf.File(network)
	if err != nil {
		return netconf.Found{}, fmt.Errorf("%w: clusterNetwork: %w", ErrNoDefaultNetwork, err)
	}
	return found, nil
}

// primaryDir is where the default network's configuration is looked for.
func (o Options) primaryDir() string { return cmp.Or(o.PrimaryDir, o.ConfDir) }

// unfit tells why a configuration is not the cluster's network unless it is asked for.
func unfit(file string, list netconf.List) error {
	for _, leftover := range []string{"podman", "crio", "docker"} {
		if strings.Contains(file, leftover) || strings.Contains(list.Name(), leftover) {
			return fmt.Errorf("it is what %s brings along; name it as the default network if it is meant", leftover)
		}
	}
	if !slices.ContainsFunc(list.Plugins(), func(p netconf.Plugin) bool { return p.Type() != "loopback" }) {
		return errors.New("it is the loopback interface alone")
	}
	return nil
}

// runsMultus tells whether a configuration runs Multus: by its type, which begins so
// with every version, or because the plugin's binary is Multus under another name. The
// plugin itself, which has no time to look at binaries, goes by the type alone.
func (o Options) runsMultus(list netconf.List) bool {
	return slices.ContainsFunc(list.Plugins(), func(p netconf.Plugin) bool {
		builtAsMultus := func(dir string) bool { return isBuiltAsMultus(filepath.Join(dir, p.Type())) }
		return strings.HasPrefix(p.Type(), "multus") || slices.ContainsFunc(o.BinDirs, builtAsMultus)
	})
}

// isBuiltAsMultus tells a binary by the package that it was built from.
func isBuiltAsMultus(file string) bool {
	info, err := buildinfo.ReadFile(file)
	return err == nil && strings.HasPrefix(path.Base(info.Path), "multus")
}
