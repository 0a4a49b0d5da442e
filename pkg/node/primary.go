package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
)

// ErrNoDefaultNetwork says that no file of the directory can be the default network.
var ErrNoDefaultNetwork = errors.New("no configuration of a default network")

// defaultNetwork finds the configuration that Multus is to attach pods to first: the
// one that is asked for, else the first that can be one. Warnings tell what was
// passed over, and why.
func (o Options) defaultNetwork() (netconf.Found, []string, error) {
	files, err := netconf.RuntimeFiles(o.ConfDir)
	if err != nil {
		return netconf.Found{}, nil, err
	}
	if o.ClusterNetwork != "" {
		files = slices.DeleteFunc(files, func(f string) bool { return f != o.ClusterNetwork })
	}
	var passed fault.Notes
	for _, file := range files {
		found, err := netconf.File(filepath.Join(o.ConfDir, file))
		if err == nil && o.ClusterNetwork == "" {
			err = unfit(file, found.List)
		}
		if err == nil && o.runsMultus(found.List) {
			if file == o.ConfFile {
				continue
			}
			err = errors.New("it is a configuration of multus itself")
		}
		if err != nil {
			passed.Addf("%s is not taken for the default network: %v", file, err)
			continue
		}
		return found, passed, nil
	}
	wanted := "in " + o.ConfDir
	if o.ClusterNetwork != "" {
		wanted = filepath.Join(o.ConfDir, o.ClusterNetwork)
	}
	return netconf.Found{}, passed, fmt.Errorf("%w: %s; is the default network's own DaemonSet running on this node?", ErrNoDefaultNetwork, wanted)
}

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

// runsMultus tells whether a configuration runs Multus: by its type, or because the
// plugin's binary is a link to ours.
func (o Options) runsMultus(list netconf.List) bool {
	return slices.ContainsFunc(list.Plugins(), func(p netconf.Plugin) bool {
		return name.Self(p.Type(), "") || o.sameBinary(p.Type())
	})
}

func (o Options) sameBinary(plugin string) bool {
	for _, dir := range o.BinDirs {
		ours, err := os.Stat(filepath.Join(dir, "multus"))
		if err != nil {
			continue
		}
		if other, err := os.Stat(filepath.Join(dir, plugin)); err == nil && os.SameFile(ours, other) {
			return true
		}
	}
	return false
}
