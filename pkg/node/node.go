package node

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/regular"
)

// Node is one node that Multus is put on.
type Node struct {
	Options
	Log    *logrus.Entry
	newest string // token that the server gave for the plugin
}

// Report is what Reconcile did, file by file.
type Report struct {
	Written []string // paths
	// Configuration is Multus's own file, "" where there is none.
	Configuration string
	content       []byte // of it
	// DefaultNetwork is the default network's file, "" while there is none.
	DefaultNetwork string
	// Passed tells what was not taken for the default network, and why, and what is
	// ignored of the configuration.
	Passed []string
}

// Reconcile makes the files of the node what they should be: the plugins first, then
// what the configuration names, then the configuration, and last what it replaces
// goes. ErrNoDefaultNetwork, where there is none yet, says that the node cannot be
// ready; all else is done all the same.
func (n Node) Reconcile() (Report, error) {
	var r Report
	err := n.sweep()
	for _, dir := range n.dirs() {
		err = errors.Join(err, os.MkdirAll(dir, 0o755))
	}
	if err != nil {
		return r, err
	}
	if err := n.copyBinaries(&r); err != nil {
		return r, err
	}
	accessErr := n.giveAccess(&r)
	if accessErr != nil && !(regular.Exists(n.kubeconfigPath()) && regular.Exists(n.tokenPath())) {
		return r, accessErr // a configuration must not name what is not there, whatever it is good for
	}
	return r, errors.Join(n.configure(&r), accessErr)
}

// dirs are the directories of the host that are written to.
func (n Node) dirs() []string { return append([]string{n.ConfDir}, n.BinDirs...) }

// copyBinaries puts the plugins into each directory of plugins.
func (n Node) copyBinaries(r *Report) error {
	plugins, err := n.binaries()
	if err != nil {
		return err
	}
	for _, dir := range n.BinDirs {
		for _, name := range slices.Sorted(maps.Keys(plugins)) {
			if err := n.copyPlugin(r, plugins[name], filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("plugin %s: %w", name, err)
			}
		}
	}
	return nil
}

func (n Node) copyPlugin(r *Report, from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return n.place(r, to, f, 0o755)
}

// binaries are the files of the plugins that are copied, by name.
func (o Options) binaries() (map[string]string, error) {
	found := map[string]string{}
	if o.Plugins != "" {
		entries, err := os.ReadDir(o.Plugins)
		if err != nil {
			return nil, fmt.Errorf("copy-plugins: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(o.Plugins, e.Name())
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				found[e.Name()] = path
			}
		}
	}
	if o.Binary != "" {
		found["multus"] = o.Binary
	}
	return found, nil
}
