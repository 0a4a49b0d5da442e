// Package node is a host as far as Multus can tell, for tests that run its
// binary as a container runtime does: directories, plugins, and perhaps an API
// server and a network namespace of its own.
package node

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// Doc is a JSON object.
type Doc = map[string]any

// Keys of annotations.
const (
	Networks      = "k8s.v1.cni.cncf.io/networks"
	NetworkStatus = "k8s.v1.cni.cncf.io/network-status"
	// PodAnnotations is the capability with which runtimes hand over a pod's annotations.
	PodAnnotations = "io.kubernetes.cri.pod-annotations"
)

// Node is a host.
type Node struct {
	T          testing.TB
	Dir        string             // for all that is kept on the node
	Bin        string             // where the plugins are
	NetNS      *cnitest.NetNS     // nil: that of the test
	API        *cnitest.APIServer // nil: there is none
	Kubeconfig string             // path; empty without an API server
	Wrap       func(*exec.Cmd)    // changes how multus is started; nil: not at all
}

// New is a node without plugins.
func New(t testing.TB) *Node {
	t.Helper()
	n := &Node{T: t, Dir: t.TempDir()}
	n.Bin = n.Path("bin")
	n.Must(os.Mkdir(n.Bin, 0o755))
	return n
}

// Must ends the test with an error.
func (n *Node) Must(err error) {
	n.T.Helper()
	if err != nil {
		n.T.Fatal(err)
	}
}

// Do runs fn in the node's network namespace.
func (n *Node) Do(fn func() error) {
	n.T.Helper()
	if n.NetNS != nil {
		n.NetNS.Do(fn)
		return
	}
	n.Must(fn())
}

// Path is a path in the node's directory.
func (n *Node) Path(elements ...string) string {
	return filepath.Join(append([]string{n.Dir}, elements...)...)
}

// Write writes a file, and makes its directory.
func (n *Node) Write(path, content string) {
	n.T.Helper()
	n.Must(os.MkdirAll(filepath.Dir(path), 0o700))
	n.Must(os.WriteFile(path, []byte(content), 0o600))
}

// Files are the paths of everything below a directory, relative to it; without
// directories unless they are asked for.
func (n *Node) Files(dir string, dirs bool) []string {
	n.T.Helper()
	paths := []string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir || d.IsDir() && !dirs {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		paths = append(paths, rel)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file may go meanwhile
		n.T.Fatal(err)
	}
	return paths
}

// Await waits until something is so.
func (n *Node) Await(what string, so func() bool) {
	n.T.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			n.T.Fatalf("waited in vain until %s", what)
		}
	}
}

// Cluster gives the node an API server that its own processes can reach.
func (n *Node) Cluster() *cnitest.APIServer {
	n.T.Helper()
	n.Do(func() (err error) {
		n.API, err = cnitest.StartAPIServer("127.0.0.1:0")
		return err
	})
	n.T.Cleanup(n.API.Close)
	n.API.SetToken(cnitest.Token)
	n.Kubeconfig = n.API.KubeconfigFile(n.T)
	return n.API
}

// Put puts an object into the cluster.
func (n *Node) Put(object any) {
	n.T.Helper()
	data, err := json.Marshal(object)
	n.Must(err)
	n.Must(n.API.Put(data))
}

// Define puts a NetworkAttachmentDefinition into the cluster.
func (n *Node) Define(namespace, name, config string, annotations Doc) {
	n.T.Helper()
	n.Put(Doc{
		"kind": "NetworkAttachmentDefinition", "apiVersion": "k8s.cni.cncf.io/v1",
		"metadata": Doc{"namespace": namespace, "name": name, "annotations": annotations}, "spec": Doc{"config": config},
	})
}

// Admit puts the pod of a sandbox into the cluster.
func (n *Node) Admit(s Sandbox, annotations map[string]string) {
	n.T.Helper()
	n.Put(Doc{"kind": "Pod", "apiVersion": "v1", "metadata": Doc{
		"namespace": s.Namespace, "name": s.Pod, "uid": s.UID, "annotations": maps.Clone(annotations),
	}})
}
