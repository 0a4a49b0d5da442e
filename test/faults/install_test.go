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

// installation is a node's directories, and a service account in a pod of a DaemonSet.
type installation struct {
	t                    *testing.T
	dir, conf, bin, acct string
}

const flannelList = `{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [{"type": "flannel"}, {"type": "portmap", "capabilities": {"portMappings": true}}]}`

func newInstallation(t *testing.T) installation {
	t.Helper()
	dir := t.TempDir()
	i := installation{t, dir, filepath.Join(dir, "net.d"), filepath.Join(dir, "bin"), filepath.Join(dir, "account")}
	for _, sub := range []string{i.conf, i.bin, i.acct} {
		i.must(os.Mkdir(sub, 0o755))
	}
	for path, text := range map[string]string{
		filepath.Join(i.conf, "10-flannel.conflist"): flannelList, filepath.Join(i.conf, "00-multus.conf"): `{"cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus"}`,
		filepath.Join(i.acct, "token"): "token", filepath.Join(i.acct, "namespace"): "kube-system", filepath.Join(i.acct, "ca.crt"): "",
	} {
		i.must(os.WriteFile(path, []byte(text), 0o600))
	}
	return i
}

func (i installation) must(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}

// command installs once. There is no API server, so that the projected token is taken.
func (i installation) command() *exec.Cmd {
	cmd := exec.Command(cnitest.Binary("multus"), "install", "--once", "--cni-conf-dir", i.conf, "--cni-bin-dir", i.bin,
		"--service-account", i.acct, "--state-dir", filepath.Join(i.dir, "state"), "--distribution", "kubeadm", "--poll", "1s")
	cmd.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT=")
	return cmd
}

// network is what a runtime takes that loads the directory at this moment: the first
// file of a suffix that it knows, which has to be whole. The plugins' binaries have to
// be there if they are multus.
func (i installation) network(when string) string {
	i.t.Helper()
	files, err := libcni.ConfFiles(i.conf, []string{".conf", ".conflist", ".json"})
	i.must(err)
	slices.Sort(files)
	for n, file := range files {
		list, err := libcni.ConfListFromFile(file)
		if err != nil {
			//lint:ignore SA1019 runtimes read these files too
			conf, err := libcni.ConfFromFile(file)
			if err != nil {
				i.t.Fatalf("%s: %s cannot be loaded: %v", when, file, err)
			}
			//lint:ignore SA1019 as they do
			list, err = libcni.ConfListFromConf(conf)
			i.must(err)
		}
		if n > 0 {
			continue
		}
		if list.Plugins[0].Network.Type == "multus" && filepath.Ext(file) == ".conflist" {
			if _, err := os.Stat(filepath.Join(i.bin, "multus")); err != nil {
				i.t.Errorf("%s: %s without its binary: %v", when, file, err)
			}
		}
	}
	if len(files) == 0 {
		i.t.Fatalf("%s: no network", when)
	}
	return filepath.Base(files[0])
}

// left are files that should not be there: temporary ones, and an older multus'.
func (i installation) left() []string {
	var left []string
	i.must(filepath.WalkDir(i.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && (strings.Contains(path, ".multus-") || d.Name() == "00-multus.conf") {
			left = append(left, path)
		}
		return err
	}))
	return left
}

// TestKilledAtEveryStepOfInstall: whatever the moment, a runtime finds a whole
// network, and the next installer makes the rest, and leaves nothing of the one before.
func TestKilledAtEveryStepOfInstall(t *testing.T) {
	for step := 1; ; step++ {
		i := newInstallation(t)
		at := cnitest.KillAt(t, i.command(), step)
		i.network("killed " + at)
		if out, err := i.command().CombinedOutput(); err != nil {
			t.Fatalf("killed %s: the next one: %v\n%s", at, err, out)
		}
		if first := i.network("after " + at); first != "00-multus.conflist" {
			t.Errorf("killed %s: in the end %s comes first", at, first)
		}
		if left := i.left(); len(left) > 0 {
			t.Errorf("killed %s: %q is left", at, left)
		}
		if at == "" {
			t.Logf("%d steps", step-1)
			if step < 15 {
				t.Errorf("only %d steps", step-1)
			}
			return
		}
	}
}

// TestInstallWithoutRoom: a full or read-only disk is an error that says where, and
// changes nothing that a runtime sees.
func TestInstallWithoutRoom(t *testing.T) {
	for name, spoil := range map[string]func(i installation) (dir, want string){
		"full configurations": func(i installation) (string, string) { return i.conf, "no space left on device" },
		"full plugins":        func(i installation) (string, string) { return i.bin, "no space left on device" },
		"read-only plugins":   func(i installation) (string, string) { return i.bin, "read-only file system" },
		"read-only configurations": func(i installation) (string, string) {
			return i.conf, "read-only file system"
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t)
			dir, want := spoil(i)
			i.overmount(dir, strings.HasPrefix(name, "read-only"))
			out, err := i.command().CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), dir) {
				t.Errorf("%v, want %q in %s:\n%s", err, want, dir, out)
			}
			if first := i.network(name); first != "00-multus.conf" {
				t.Errorf("%s comes first", first)
			}
			i.must(unix.Mount("", dir, "", unix.MS_REMOUNT, "size=64m"))
			i.must(os.RemoveAll(filepath.Join(dir, "filler")))
			if out, err := i.command().CombinedOutput(); err != nil {
				t.Errorf("with room again: %v\n%s", err, out)
			}
			if first := i.network("with room again"); first != "00-multus.conflist" || len(i.left()) > 0 {
				t.Errorf("in the end %s comes first, %q is left", first, i.left())
			}
		})
	}
}

// overmount puts a small file system with the same files in a directory's place, that
// is full or read-only.
func (i installation) overmount(dir string, readOnly bool) {
	i.t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	i.must(err)
	for _, e := range entries {
		files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		i.must(err)
	}
	i.must(unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	i.t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	for name, data := range files {
		i.must(os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if readOnly {
		i.must(unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		return
	}
	_ = os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 1<<20), 0o600) // as much as there is room for
}
