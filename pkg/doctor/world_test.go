package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/doctor"
)

// rootVariable names the file system that a process of the test is to look at.
const rootVariable = "MULTUS_TEST_DOCTOR_ROOT"

// TestMain is the doctor itself where it is asked to look at a root.
func TestMain(m *testing.M) {
	if root := os.Getenv(rootVariable); root != "" {
		os.Exit(look(root))
	}
	os.Exit(cnitest.Run(m, "test/recorder", "cmd/multus", cnitest.ReferencePlugins+"meta/firewall"))
}

func look(root string) int {
	var n doctor.Node
	err := errors.Join(json.NewDecoder(os.Stdin).Decode(&n), syscall.Chroot(root), os.Chdir("/"))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(n.Check(context.Background()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// world is a node's file system, and its API server.
type world struct {
	t    *testing.T
	root string
	api  *cnitest.APIServer
	node map[string]any // options of the doctor
}

const (
	confFile   = "/etc/cni/net.d/00-multus.conflist"
	kubeconfig = "/etc/cni/net.d/multus.d/multus.kubeconfig"
	tokenFile  = "/etc/cni/net.d/multus.d/token"
	cbr0       = `{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [{"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.244.0.0/24"}}]}`
	ourConf    = `{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [{"type": "multus", "kubeconfig": "/etc/cni/net.d/multus.d/multus.kubeconfig",
		"clusterNetwork": "/etc/cni/net.d/10-flannel.conflist", "readinessIndicatorFile": "/run/ready"}]}`
	containerd3 = "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['/opt/cni/bin']\nconf_dir = '/etc/cni/net.d'\n"
)

// newWorld is a node on which all is well.
func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a root of its own takes root")
	}
	w := &world{t: t, root: t.TempDir(), api: cnitest.NewAPIServer(t), node: map[string]any{"Limit": 20 * time.Second}}
	w.write("/etc/containerd/config.toml", containerd3)
	w.write("/etc/cni/net.d/10-flannel.conflist", cbr0)
	w.write(confFile, ourConf)
	w.write("/run/ready", "")
	w.token(time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	for _, plugin := range []string{"multus", "bridge", "host-local", "macvlan"} {
		w.plugin(plugin, "recorder")
	}
	w.define("a", `{"cniVersion": "1.0.0", "name": "a", "type": "macvlan", "ipam": {"type": "host-local", "subnet": "192.168.10.0/28"}}`)
	return w
}

func (w *world) path(path string) string { return filepath.Join(w.root, path) }

func (w *world) write(path, text string) {
	w.t.Helper()
	cnitest.Must(w.t, errors.Join(os.MkdirAll(filepath.Dir(w.path(path)), 0o755), os.WriteFile(w.path(path), []byte(text), 0o600)))
}

func (w *world) read(path string) string {
	w.t.Helper()
	data, err := os.ReadFile(w.path(path))
	cnitest.Must(w.t, err)
	return string(data)
}

func (w *world) remove(path string) {
	w.t.Helper()
	cnitest.Must(w.t, os.RemoveAll(w.path(path)))
}

// token gives the kubeconfig a token with these times, which the server accepts.
func (w *world) token(issued, expires time.Time) {
	w.t.Helper()
	token := cnitest.JWT(map[string]any{"iat": issued.Unix(), "exp": expires.Unix()})
	w.api.SetToken(token)
	w.write(tokenFile, token)
	cnitest.Must(w.t, w.api.WriteKubeconfig(w.path(kubeconfig), map[string]string{"tokenFile": tokenFile}))
}

// plugin puts a copy of a program into the directory of the plugins.
func (w *world) plugin(name, program string) {
	w.t.Helper()
	data, err := os.ReadFile(cnitest.Binary(program))
	cnitest.Must(w.t, err)
	w.write("/opt/cni/bin/"+name, string(data))
	w.mode("/opt/cni/bin/"+name, 0o755)
}

func (w *world) mode(path string, mode os.FileMode) {
	w.t.Helper()
	cnitest.Must(w.t, os.Chmod(w.path(path), mode))
}

// define puts a network on the API server.
func (w *world) define(name, config string, annotations ...string) {
	w.t.Helper()
	metadata := map[string]any{"name": name, "namespace": "default"}
	if len(annotations) > 0 {
		metadata["annotations"] = map[string]string{"k8s.v1.cni.cncf.io/resourceName": annotations[0]}
	}
	object, err := json.Marshal(map[string]any{
		"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": metadata, "spec": map[string]string{"config": config},
	})
	cnitest.Must(w.t, err)
	cnitest.Must(w.t, w.api.Put(object))
}

// look has the doctor look at the world.
func (w *world) look() []doctor.Finding {
	w.t.Helper()
	w.node["Preset"] = map[string]string{"ConfDir": "/etc/cni/net.d", "BinDir": "/opt/cni/bin"}
	options, err := json.Marshal(w.node)
	cnitest.Must(w.t, err)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{rootVariable + "=" + w.root}
	cmd.Stdin = strings.NewReader(string(options))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var found []doctor.Finding
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil || said.Len() > 0 {
		w.t.Fatalf("%v: %s", err, said.String())
	}
	return found
}

// lines are the findings of these levels, one a line.
func lines(found []doctor.Finding, levels ...doctor.Level) string {
	var b strings.Builder
	for _, f := range found {
		if len(levels) > 0 && !slices.Contains(levels, f.Level) {
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s", f.Level, f.Check, f.What)
		if f.Cure != "" {
			fmt.Fprintf(&b, " -> %s", f.Cure)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
