package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/netconf"
)

// Node is one node that Multus is put on.
type Node struct {
	Options
	Log *logrus.Entry
}

// Report is what Reconcile did, file by file.
type Report struct {
	Written []string // paths
	Removed []string
	// DefaultNetwork is the default network's file, "" while there is none.
	DefaultNetwork string
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
	if err := n.giveAccess(&r); err != nil {
		return r, err
	}
	return r, n.configure(&r)
}

// dirs are the directories of the host that are written to.
func (n Node) dirs() []string { return append([]string{n.ConfDir}, n.BinDirs...) }

// copyBinaries puts the plugins into each directory of plugins.
func (n Node) copyBinaries(r *Report) error {
	var sources []string
	if n.Plugins != "" {
		found, err := executables(n.Plugins)
		if err != nil {
			return err
		}
		sources = found
	}
	if n.Binary != "" {
		sources = append(sources, n.Binary)
	}
	for _, dir := range n.BinDirs {
		for _, from := range sources {
			wrote, err := copyPlugin(from, dir)
			if err != nil {
				return fmt.Errorf("plugin %s: %w", filepath.Base(from), err)
			}
			n.wrote(r, wrote, filepath.Join(dir, filepath.Base(from)))
		}
	}
	return nil
}

// giveAccess writes the kubeconfig and the files that it names.
func (n Node) giveAccess(r *Report) error {
	if n.API.Server == "" {
		return nil
	}
	if err := os.MkdirAll(n.accessDir(), 0o700); err != nil {
		return err
	}
	if err := sweep(n.accessDir()); err != nil {
		return err
	}
	ca, err := n.account("ca.crt")
	if err != nil {
		return err
	}
	token, err := n.account("token")
	if err != nil {
		return err
	}
	kubeconfig, err := n.kubeconfig(ca)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		path    string
		content []byte
	}{{n.tokenPath(), token}, {n.kubeconfigPath(), kubeconfig}} {
		wrote, err := place(file.path, file.content, 0o600)
		if err != nil {
			return err
		}
		n.wrote(r, wrote, file.path)
	}
	return nil
}

// configure writes the configuration, and then removes what it takes the place of.
func (n Node) configure(r *Report) error {
	primary, passed, missing := n.defaultNetwork()
	if missing != nil && !(n.Early && errors.Is(missing, ErrNoDefaultNetwork)) {
		n.tell(passed)
		return missing
	}
	r.DefaultNetwork = primary.File
	conf, err := n.Render(primary)
	if err != nil {
		return err
	}
	path := n.confPath()
	wrote, err := place(path, conf, 0o600)
	if err != nil {
		return err
	}
	n.wrote(r, wrote, path)
	if wrote {
		n.tell(passed)
	}
	if err := n.removeOlder(r); err != nil {
		return err
	}
	return missing
}

// tell logs what was passed over on the way to the default network. Where nothing
// changed it was told before.
func (n Node) tell(passed []string) {
	for _, warning := range passed {
		n.Log.Warn(warning)
	}
}

// removeOlder removes configurations of older versions: one with another suffix
// would come before ours.
func (n Node) removeOlder(r *Report) error {
	files, err := netconf.RuntimeFiles(n.ConfDir)
	if err != nil {
		return err
	}
	for _, file := range files {
		path := filepath.Join(n.ConfDir, file)
		found, err := netconf.File(path)
		if file == n.ConfFile || err != nil || !n.runsMultus(found.List) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.Removed = append(r.Removed, path)
		n.Log.WithField("file", path).Warn("removed a configuration of another multus; this one has taken its place")
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
