package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Leave takes the configuration and the access away, so that new pods start as before
// Multus came, and, where inUse is false, the binary. While pods that Multus
// attached still run, it has to stay: their DEL needs it. Nothing else is touched.
func (n Node) Leave(inUse bool) (removed []string, err error) {
	paths := n.ownConfs() // first: from here on no pod starts with Multus
	if !inUse {
		paths = append(paths, n.kubeconfigPath(), n.tokenPath(), n.accessDir())
		for _, dir := range n.BinDirs {
			paths = append(paths, filepath.Join(dir, "multus"))
		}
	}
	for _, path := range paths {
		switch removeErr := os.Remove(path); {
		case removeErr == nil:
			removed = append(removed, path)
		case !errors.Is(removeErr, fs.ErrNotExist):
			err = errors.Join(err, removeErr)
		}
	}
	return removed, err
}

// ownConfs are all files that the configuration can be.
func (n Node) ownConfs() []string {
	names := ownNames()
	if n.ConfFile != "" {
		names = []string{n.ConfFile}
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(n.ConfDir, name))
	}
	return paths
}
