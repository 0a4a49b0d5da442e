package node_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/rawjson"
)

const flannel = `{"cniVersion":"1.0.0","name":"cbr0","plugins":[{"type":"flannel","delegate":{}},{"type":"portmap","capabilities":{"portMappings":true,"ips":false}}]}`

// host is a node with its directories, and an installer for it.
type host struct {
	node.Node
	t *testing.T
}

// newHost has the configuration of a default network.
func newHost(t *testing.T) host {
	t.Helper()
	h := bareHost(t)
	h.conf("10-flannel.conflist", flannel)
	return h
}

func bareHost(t *testing.T) host {
	t.Helper()
	dir := t.TempDir()
	log := logrus.New()
	log.SetOutput(io.Discard)
	h := host{t: t, Node: node.Node{Log: logrus.NewEntry(log), Options: node.Options{
		ConfDir:  filepath.Join(dir, "net.d"),
		BinDirs:  []string{filepath.Join(dir, "bin")},
		ConfFile: "00-multus.conflist",
		Binary:   filepath.Join(dir, "image", "multus"),
		API:      node.API{Server: node.ServerURL("fd00::1", "443"), Account: filepath.Join(dir, "account")},
		Poll:     time.Hour,
	}}}
	h.write(h.Binary, "binary 1")
	h.write(filepath.Join(h.API.Account, "token"), "token 1")
	h.write(filepath.Join(h.API.Account, "ca.crt"), "authority")
	return h
}

func (h host) write(path, content string) {
	h.t.Helper()
	cnitest.Must(h.t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)))
}

func (h host) conf(file, content string) {
	h.t.Helper()
	h.write(filepath.Join(h.ConfDir, file), content)
}

func (h host) read(path ...string) string {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	cnitest.Must(h.t, err)
	return string(data)
}

// files are all files below the directory of configurations.
func (h host) files() []string {
	h.t.Helper()
	var files []string
	err := filepath.WalkDir(h.ConfDir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(h.ConfDir, path)
			files = append(files, rel)
		}
		return err
	})
	cnitest.Must(h.t, err)
	return files
}

func (h host) reconcile() node.Report {
	h.t.Helper()
	report, err := h.Reconcile()
	cnitest.Must(h.t, err)
	return report
}

func TestReconcile(t *testing.T) {
	h := newHost(t)
	report := h.reconcile()
	if report.DefaultNetwork != filepath.Join(h.ConfDir, "10-flannel.conflist") || len(report.Written) != 4 {
		t.Errorf("%+v", report)
	}
	want := strings.ReplaceAll(`{
  "cniVersion": "1.0.0",
  "name": "cbr0",
  "disableCheck": true,
  "plugins": [
    {
      "type": "multus",
      "capabilities": {
        "io.kubernetes.cri.pod-annotations": true,
        "portMappings": true
      },
      "clusterNetwork": "$DIR/10-flannel.conflist",
      "kubeconfig": "$DIR/multus.d/multus.kubeconfig"
    }
  ]
}
`, "$DIR", h.ConfDir)
	if diff := cmp.Diff(want, h.read(h.ConfDir, "00-multus.conflist")); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"00-multus.conflist", "10-flannel.conflist", "multus.d/multus.kubeconfig", "multus.d/token"}, h.files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := h.read(h.BinDirs[0], "multus"); got != "binary 1" {
		t.Errorf("binary %q", got)
	}
	if kubeconfig := h.read(h.ConfDir, "multus.d", "multus.kubeconfig"); !strings.Contains(kubeconfig, "server: https://[fd00::1]:443") || strings.Contains(kubeconfig, "token 1") {
		t.Error(kubeconfig)
	}
	cnitest.Must(t, os.Chmod(filepath.Join(h.BinDirs[0], "multus"), 0o600)) // which is mended, and no more
	if again := h.reconcile(); again.Written != nil {
		t.Errorf("what was right was written again: %+v", again)
	}
	for path, mode := range map[string]os.FileMode{
		filepath.Join(h.ConfDir, "00-multus.conflist"): 0o600, filepath.Join(h.ConfDir, "multus.d"): 0o700, filepath.Join(h.ConfDir, "multus.d/token"): 0o600,
		filepath.Join(h.ConfDir, "multus.d/multus.kubeconfig"): 0o600, filepath.Join(h.BinDirs[0], "multus"): 0o755,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %o", path, info, err, mode)
		}
	}
}

// TestReconcileKeepsCurrent: whatever changes under it, the next look makes it right
// and touches nothing else.
func TestReconcileKeepsCurrent(t *testing.T) {
	const calico = `{"cniVersion":"0.2.0","name":"k8s-pod-network","type":"calico"}`
	tests := []struct {
		name    string
		change  func(h host)
		written []string
		conf    string
	}{
		{"the default network's name", func(h host) { h.conf("10-flannel.conflist", strings.Replace(flannel, "cbr0", "cbr1", 1)) }, []string{"net.d/00-multus.conflist"}, `"name": "cbr1"`},
		{"a better default network, of an old version", func(h host) { h.conf("05-calico.conf", calico) }, []string{"net.d/00-multus.conflist"}, `"cniVersion": "0.3.1"`},
		{"ours was deleted", func(h host) { _ = os.Remove(filepath.Join(h.ConfDir, "00-multus.conflist")) }, []string{"net.d/00-multus.conflist"}, "cbr0"},
		{"ours was cut off", func(h host) { h.conf("00-multus.conflist", "{") }, []string{"net.d/00-multus.conflist"}, "cbr0"},
		{"ours is another network now", func(h host) { h.conf("00-multus.conflist", strings.Replace(flannel, "cbr0", "other", 1)) }, []string{"net.d/00-multus.conflist"}, "10-flannel"},
		{"the binary was deleted", func(h host) { _ = os.Remove(filepath.Join(h.BinDirs[0], "multus")) }, []string{"bin/multus"}, "cbr0"},
		{"a new binary", func(h host) { h.write(h.Binary, "binary 2") }, []string{"bin/multus"}, "cbr0"},
		{"a new token", func(h host) { h.write(filepath.Join(h.API.Account, "token"), "token 2") }, []string{"net.d/multus.d/token"}, "cbr0"},
		{"a new authority", func(h host) { h.write(filepath.Join(h.API.Account, "ca.crt"), "other") }, []string{"net.d/multus.d/multus.kubeconfig"}, "cbr0"},
		{"a half file that sorts first", func(h host) { h.conf("01-x.conflist", `{"name":`) }, nil, "10-flannel"},
		{"another suffix", func(h host) {
			_ = os.Remove(filepath.Join(h.ConfDir, "10-flannel.conflist"))
			h.conf("10-flannel.conf", `{"cniVersion":"1.0.0","name":"cbr0","type":"flannel"}`)
		}, []string{"net.d/00-multus.conflist"}, "10-flannel.conf"},
		{"leftovers and ourselves", func(h host) {
			h.conf("01-podman.conflist", strings.Replace(flannel, "cbr0", "podman", 1))
			h.conf("02-lo.conf", `{"cniVersion":"1.0.0","name":"lo","type":"loopback"}`)
			h.conf("03-crio-bridge.conflist", strings.Replace(flannel, "cbr0", "crio", 1))
		}, nil, "10-flannel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t)
			h.reconcile()
			tt.change(h)
			var written []string
			for _, path := range h.reconcile().Written {
				rel, _ := filepath.Rel(filepath.Dir(h.ConfDir), path)
				written = append(written, rel)
			}
			if diff := cmp.Diff(tt.written, written); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if conf := h.read(h.ConfDir, "00-multus.conflist"); !strings.Contains(conf, tt.conf) {
				t.Errorf("no %s in %s", tt.conf, conf)
			}
		})
	}
}

func TestLeave(t *testing.T) {
	h := newHost(t)
	h.reconcile()
	_, err := h.Leave(true)
	cnitest.Must(t, err)
	if got := h.read(h.BinDirs[0], "multus"); got == "" {
		t.Error("the binary went while pods need it")
	}
	if removed, err := h.Leave(false); err != nil || len(removed) != 4 {
		t.Errorf("%q, %v", removed, err)
	}
	if diff := cmp.Diff([]string{"10-flannel.conflist"}, h.files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(h.BinDirs[0]); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if removed, err := h.Leave(false); err != nil || removed != nil {
		t.Errorf("a second time: %q, %v", removed, err)
	}
}

// TestUnknownKey: a misspelt key is installed, as the plugin is told of keys of
// versions to come too, and whoever installs it hears of it.
func TestUnknownKey(t *testing.T) {
	h := newHost(t)
	h.Keys = rawjson.New(rawjson.Member{Key: "namespaceIsolatoin", Value: []byte("true")})
	report, err := h.Reconcile()
	if want := `key "namespaceIsolatoin" is unknown and ignored`; err != nil || !slices.Contains(report.Passed, want) {
		t.Errorf("passed %q, %v; want %q", report.Passed, err, want)
	}
}

func TestOptions(t *testing.T) {
	h := bareHost(t)
	h.ConfFile = "00-multus.conf"
	if err := h.Check(); err == nil || !strings.Contains(err.Error(), "that ends in .conflist") {
		t.Errorf("a list in a file that runtimes take for a plugin: %v", err)
	}
	h.ConfDir, h.ConfFile, h.Poll = "net.d", "../x", -time.Second // which would look without a pause
	err := h.Check()
	const want = `3 faults: (1) cni-conf-dir: "net.d": an absolute path is expected; (2) multus-conf-file: "../x": a file name, without a path, that ends in .conflist, is expected; (3) poll: "-1s": more than zero is expected`
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}
