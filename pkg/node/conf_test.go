package node_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// TestOlderConfiguration: one that would come before ours goes, but only once ours is
// there; it is never taken for the default network.
func TestOlderConfiguration(t *testing.T) {
	h := bareHost(t)
	h.conf("00-multus.conf", `{"cniVersion":"0.3.1","name":"multus-cni-network","type":"multus","delegates":[]}`)
	if _, err := h.Reconcile(); !errors.Is(err, node.ErrNoDefaultNetwork) {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff([]string{"00-multus.conf"}, confs(h)); diff != "" {
		t.Errorf("before there is a default network (-want +got):\n%s", diff)
	}
	h.conf("10-flannel.conflist", flannel)
	h.reconcile()
	if diff := cmp.Diff([]string{"00-multus.conflist", "10-flannel.conflist"}, confs(h)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func confs(h host) []string {
	files, err := netconf.RuntimeFiles(h.ConfDir)
	cnitest.Must(h.t, err)
	return files
}

// TestFirstInOrder: runtimes take the first file and no other.
func TestFirstInOrder(t *testing.T) {
	tests := []struct{ primary, want string }{
		{"10-flannel.conflist", "00-multus.conflist"},
		{"00-calico.conflist", "00-00-multus.conflist"},
		{"000.conflist", "00-multus.conflist"},
		{"0-x.conf", "0-0-multus.conflist"},
		{"+x.conflist", ""},
	}
	for _, tt := range tests {
		t.Run(tt.primary, func(t *testing.T) {
			h := bareHost(t)
			h.ConfFile = ""
			h.conf(tt.primary, flannel)
			_, err := h.Reconcile()
			if tt.want == "" {
				if err == nil || !strings.Contains(err.Error(), tt.primary+" comes before") {
					t.Errorf("error %v", err)
				}
				return
			}
			if files := confs(h); err != nil || files[0] != tt.want || len(files) != 2 {
				t.Errorf("%q, %v", files, err)
			}
		})
	}
	t.Run("another comes", func(t *testing.T) {
		h := bareHost(t)
		h.ConfFile = ""
		h.conf("10-flannel.conflist", flannel)
		h.reconcile()
		h.conf("00-a.conflist", strings.Replace(flannel, "cbr0", "a", 1))
		h.reconcile()
		if diff := cmp.Diff([]string{"00-00-multus.conflist", "00-a.conflist", "10-flannel.conflist"}, confs(h)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}

// TestTemplate: a file of the admin's is installed as it is, or told what is wrong with it.
func TestTemplate(t *testing.T) {
	const conf = `{"cniVersion":"0.3.1","name":"mine","type":"multus","clusterNetwork":"/etc/x.conf"}`
	h := bareHost(t)
	h.Template, h.ConfFile = filepath.Join(t.TempDir(), "x"), "70-multus.conf"
	for content, want := range map[string]string{
		`{"name":"n","type":"bridge"}`:                                             "does not run multus",
		`{"name":"n","type":"multus","clusterNetwork":"/a","apiTimeout":"x"}`:      "apiTimeout",
		`{"name":"n","type":"multus","plugins":`:                                   "multus-conf-file",
		`{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"multus","n":"/a"}]}`: "no network at all",
	} {
		h.write(h.Template, content)
		if _, err := h.Reconcile(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", content, err)
		}
	}
	h.write(h.Template, conf)
	h.reconcile()
	if got := h.read(h.ConfDir, "70-multus.conf"); got != conf {
		t.Error(got)
	}
}

// TestElsewhere: the default network's directory, the kubeconfig and the network itself
// may be where the admin says.
func TestElsewhere(t *testing.T) {
	h := bareHost(t)
	dir := filepath.Dir(h.ConfDir)
	h.PrimaryDir, h.Kubeconfig = filepath.Join(dir, "primary"), filepath.Join(dir, "own", "kubeconfig")
	h.write(filepath.Join(h.PrimaryDir, "10-ovn.conf"), `{"cniVersion":"1.0.0","name":"ovn","type":"ovn"}`)
	if report := h.reconcile(); report.DefaultNetwork != filepath.Join(h.PrimaryDir, "10-ovn.conf") {
		t.Errorf("%+v", report)
	}
	if conf := h.read(h.ConfDir, "00-multus.conflist"); !strings.Contains(conf, `"kubeconfig": "`+h.Kubeconfig+`"`) || h.read(dir, "own", "token") != "token 1" {
		t.Error(conf)
	}
	h.Keys = h.Keys.With("clusterNetwork", rawjson.Quote("primary-nad"))
	if conf := h.reconcile(); conf.DefaultNetwork != "" {
		t.Errorf("%+v", conf)
	}
	h.Keys = h.Keys.With("clusterNetwork", rawjson.Quote(dir+"/none.conf"))
	if _, err := h.Reconcile(); !errors.Is(err, node.ErrNoDefaultNetwork) {
		t.Errorf("error %v", err)
	}
}

// TestUnderAnotherName: whatever was built from a command of that name is multus as well.
func TestUnderAnotherName(t *testing.T) {
	ours := cnitest.Binary("multus")
	tests := map[string]func(shim string) error{
		"a link": func(shim string) error { return os.Symlink(ours, shim) },
		"a copy": func(shim string) error {
			data, err := os.ReadFile(ours)
			return errors.Join(err, os.WriteFile(shim, data, 0o755))
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.reconcile() // which makes the directory
			cnitest.Must(t, make(filepath.Join(h.BinDirs[0], "shim")))
			h.ClusterNetwork = "05-shim.conf"
			h.conf("05-shim.conf", `{"cniVersion":"1.0.0","name":"x","type":"shim"}`)
			if _, err := h.Reconcile(); !errors.Is(err, node.ErrNoDefaultNetwork) {
				t.Errorf("multus was taken for its own default network: %v", err)
			}
		})
	}
	h := bareHost(t)
	h.conf("00-multus.conf", `{"cniVersion":"0.3.1","name":"x","type":"multus-shim"}`)
	if _, err := h.Reconcile(); !errors.Is(err, node.ErrNoDefaultNetwork) {
		t.Errorf("an older multus was taken for the default network: %v", err)
	}
}

func TestEarly(t *testing.T) {
	h := bareHost(t)
	h.Early = true
	if _, err := h.Reconcile(); !errors.Is(err, node.ErrNoDefaultNetwork) {
		t.Errorf("a node without a default network is ready: %v", err)
	}
	var conf struct {
		CNIVersion string
		Plugins    []struct{ ClusterNetwork string }
	}
	cnitest.Must(t, json.Unmarshal([]byte(h.read(h.ConfDir, "00-multus.conflist")), &conf))
	if conf.CNIVersion != "1.1.0" || conf.Plugins[0].ClusterNetwork != h.ConfDir {
		t.Errorf("%+v", conf)
	}
	if _, err := netconf.First(h.ConfDir); !errors.Is(err, netconf.ErrNotFound) {
		t.Errorf("the directory has a default network: %v", err)
	}
}

func TestKeysOfTheConfiguration(t *testing.T) {
	h := newHost(t)
	h.Keys = rawjson.New(rawjson.Member{Key: "namespaceIsolation", Value: json.RawMessage("true")}, rawjson.Member{Key: "capabilities", Value: json.RawMessage("{}")})
	h.Name, h.CNIVersion = "mine", "0.4.0"
	h.reconcile()
	conf := h.read(h.ConfDir, "00-multus.conflist")
	for _, want := range []string{`"namespaceIsolation": true`, `"capabilities": {}`, `"name": "mine"`, `"cniVersion": "0.4.0"`} {
		if !strings.Contains(conf, want) {
			t.Errorf("no %s in %s", want, conf)
		}
	}
	h.Keys = rawjson.New(rawjson.Member{Key: "apiTimeout", Value: json.RawMessage(`"soon"`)})
	before := conf
	if _, err := h.Reconcile(); err == nil || !strings.Contains(err.Error(), "apiTimeout: ") {
		t.Errorf("error %v", err)
	}
	if after := h.read(h.ConfDir, "00-multus.conflist"); after != before {
		t.Error("a wrong key changed the configuration")
	}
}
