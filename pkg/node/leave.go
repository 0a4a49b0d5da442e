package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Leave takes the configuration away, so that new pods start as before Multus came,
// and, where inUse is false, what detaching a pod may need: the access and the binary.
// Nothing else is touched.
func (n Node) Leave(inUse bool) (removed []string, err error) {
	var paths []string
	for _, name := range n.names() { // first: from here on no pod starts with Multus
		paths = append(paths, filepath.Join(n.ConfDir, name))
	}
	if !inUse {
		paths = append(paths, n.kubeconfigPath(), n.tokenPath())
		if n.Kubeconfig == "" {
			paths = append(paths, n.accessDir())
		}
		for _, dir := range n.BinDirs {
			if n.Binary != "" { // else it is somebody else's
				paths = append(paths, filepath.Join(dir, "multus"))
			}
		}
		err = n.sweep()
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
