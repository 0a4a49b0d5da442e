//go:build amd64 || arm64

package faults_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containernetworking/cni/libcni"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// newInstallation is a node whose runtime reads net.d, with a service account in a pod of
// a DaemonSet. One of its directories may be a small file system.
func newInstallation(t *testing.T, small string) *host {
	t.Helper()
	n := newNode(t)
	if small != "" {
		n.Must(os.RemoveAll(n.Path(small)))
		n.Must(os.Mkdir(n.Path(small), 0o755))
		cnitest.Mount(t, n.Path(small), "size=64k")
	}
	for path, text := range map[string]string{
		"net.d/10-flannel.conflist": `{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [{"type": "flannel"}, {"type": "portmap", "capabilities": {"portMappings": true}}]}`,
		"net.d/00-multus.conf":      `{"cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus"}`,
		"account/token":             "token", "account/namespace": "kube-system", "account/ca.crt": "",
	} {
		n.Write(n.Path(path), text)
	}
	return n
}

// install installs once. There is no API server, so that the projected token is taken.
func (n *host) install() *exec.Cmd {
	cmd := exec.Command(cnitest.Binary("multus"), "install", "--once", "--cni-conf-dir", n.Path("net.d"), "--cni-bin-dir", n.Bin,
		"--service-account", n.Path("account"), "--state-dir", n.Path("state"), "--distribution", "kubeadm", "--poll", "1s")
	cmd.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT=")
	return cmd
}

// first is what a runtime takes that loads the directory at this moment: the first
// file of a suffix that it knows, each of which has to be whole. The plugins' binaries have
// to be there if they are multus.
func (n *host) first(when string) string {
	n.T.Helper()
	files, err := libcni.ConfFiles(n.Path("net.d"), []string{".conf", ".conflist", ".json"})
	n.Must(err)
	if len(files) == 0 {
		n.T.Fatalf("%s: no network", when)
	}
	for _, file := range files {
		if filepath.Ext(file) == ".conflist" {
			_, err = libcni.ConfListFromFile(file)
		} else {
			_, err = libcni.ConfFromFile(file) //lint:ignore SA1019 runtimes read these files too
		}
		if err != nil {
			n.T.Fatalf("%s: %s cannot be loaded: %v", when, file, err)
		}
	}
	first := filepath.Base(slices.Min(files))
	if first == "00-multus.conflist" && !exists(filepath.Join(n.Bin, "multus")) {
		n.T.Errorf("%s: %s without its binary", when, first)
	}
	return first
}

// finished holds the node to being installed by one more installer, with nothing left
// that should not be there: temporary files, and an older multus'.
func (n *host) finished(when string) {
	n.T.Helper()
	if out, err := n.install().CombinedOutput(); err != nil {
		n.T.Fatalf("%s: the next one: %v\n%s", when, err, out)
	}
	if first := n.first("after " + when); first != "00-multus.conflist" {
		n.T.Errorf("%s: in the end %s comes first", when, first)
	}
	for _, path := range n.Files(n.Dir, true) {
		if strings.Contains(path, ".multus-") || filepath.Base(path) == "00-multus.conf" {
			n.T.Errorf("%s: %s is left", when, path)
		}
	}
}

// TestKilledAtEveryStepOfInstall: whatever the moment, a runtime finds a whole
// network, and the next installer makes the rest, and leaves nothing of the one before.
func TestKilledAtEveryStepOfInstall(t *testing.T) {
	atEveryStep(t, 15, func(step int) string {
		n := newInstallation(t, "")
		at := cnitest.KillAt(t, n.install(), step)
		n.first("killed " + at)
		n.finished("killed " + at)
		return at
	})
}

// TestInstallWithoutRoom: a full or read-only disk is an error that says where, and
// changes nothing that a runtime sees.
func TestInstallWithoutRoom(t *testing.T) {
	for _, directory := range []string{"net.d", "bin"} {
		for _, want := range []string{"no space left on device", "read-only file system"} {
			t.Run(directory+": "+want, func(t *testing.T) {
				n := newInstallation(t, directory)
				dir := n.Path(directory)
				if want == "read-only file system" {
					cnitest.Remount(t, dir, unix.MS_RDONLY, "")
				} else {
					cnitest.Fill(t, dir, 0)
				}
				out, err := n.install().CombinedOutput()
				if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), dir) {
					t.Errorf("%v, want %q in %s:\n%s", err, want, dir, out)
				}
				if first := n.first("without room"); first != "00-multus.conf" {
					t.Errorf("%s comes first", first)
				}
				cnitest.Remount(t, dir, 0, "size=64m")
				n.Must(os.RemoveAll(filepath.Join(dir, "filler")))
				n.finished("with room again")
			})
		}
	}
}
