package node

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sirupsen/logrus"
)

// Node is one node that Multus is put on.
type Node struct {
	Options
	Log    *logrus.Entry
	tokens *tokens // nil where none are asked for
}

// Report is what Reconcile did, file by file.
type Report struct {
	Written []string // paths
	Removed []string
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
	if err := n.Check(); err != nil {
		return r, err
	}
	for _, dir := range n.dirs() {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return r, err
		}
		if err := sweep(dir); err != nil {
			return r, err
		}
	}
	if err := n.copyBinaries(&r); err != nil {
		return r, err
	}
	accessErr := n.giveAccess(&r)
	if accessErr != nil && !n.hasAccess() {
		return r, accessErr // a configuration must not name what is not there
	}
	return r, errors.Join(n.configure(&r), accessErr)
}

// dirs are the directories of the host that are written to.
func (n Node) dirs() []string { return append([]string{n.ConfDir}, n.BinDirs...) }

// copyBinaries puts the plugins into each directory of plugins.
func (n Node) copyBinaries(r *Report) error {
	plugins := map[string]string{} // by name
	if n.Plugins != "" {
		found, err := executables(n.Plugins)
		if err != nil {
			return err
		}
		for _, file := range found {
			plugins[filepath.Base(file)] = file
		}
	}
	if n.Binary != "" {
		plugins["multus"] = n.Binary
	}
	for _, dir := range n.BinDirs {
		for _, name := range slices.Sorted(maps.Keys(plugins)) {
			to := filepath.Join(dir, name)
			wrote, err := copyPlugin(plugins[name], to)
			if err != nil {
				return fmt.Errorf("plugin %s: %w", name, err)
			}
			n.wrote(r, wrote, to)
		}
	}
	return nil
}

func (n Node) wrote(r *Report, wrote bool, path string) {
	if !wrote {
		return
	}
	r.Written = append(r.Written, path)
	n.Log.WithField("file", path).Info("written")
}
