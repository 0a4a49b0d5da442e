package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
	"github.com/multus-cni/multus/test/node"
)

const namespace = "bench"

// definition is a network's configuration, as long as those of everyday use.
const definition = `{"cniVersion": "1.1.0", "name": "macvlan-conf", "type": "noop", "master": "eth0", "mode": "bridge", "mtu": 1500,
  "ipam": {"type": "noop", "subnet": "192.168.1.0/24", "rangeStart": "192.168.1.200", "rangeEnd": "192.168.1.216",
           "routes": [{"dst": "0.0.0.0/0"}], "gateway": "192.168.1.1"}}`

func podName(nads int) string { return "pod-" + strconv.Itoa(nads) }

func podUID(nads int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", nads) }

// annotations are those of a pod with so many networks besides the default one.
func annotations(nads int) map[string]string {
	all := map[string]string{"kubernetes.io/config.source": "api", "kubernetes.io/config.seen": "2025-01-01T00:00:00.000000000Z"}
	var names []string
	for i := range nads {
		names = append(names, "net"+strconv.Itoa(i))
	}
	if nads > 0 {
		all["k8s.v1.cni.cncf.io/networks"] = strings.Join(names, ", ")
	}
	return all
}

// setup is what a case's executions have in common.
type setup struct {
	nads    int
	latency time.Duration
	reads   bool // the pod is read from the API server, else the runtime hands its annotations over
	quiet   bool // no status is published
	silent  bool // no event is made
	others  int  // sandboxes recorded besides
}

// folder names the setup, for its state and its configurations.
func (s setup) folder() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%+v", s), " ", "_"), "{}")
}

// conf writes what the runtime hands over on standard input, and returns its path.
func (w *world) conf(s setup, extra map[string]any) (string, error) {
	conf := map[string]any{
		"cniVersion": "1.1.0", "name": "multus", "type": "multus",
		"kubeconfig": w.servers[s.latency].kubeconfig, "cniDir": w.state(s), "binDir": w.path("bin"),
		"delegates":    []any{map[string]any{"cniVersion": "1.1.0", "name": "default", "plugins": []any{map[string]any{"type": "noop"}}}},
		"capabilities": map[string]bool{"io.kubernetes.cri.pod-annotations": true},
	}
	if !s.reads {
		conf["runtimeConfig"] = map[string]any{"io.kubernetes.cri.pod-annotations": annotations(s.nads)}
	}
	if s.quiet {
		conf["networkStatus"] = "never"
	}
	if s.silent {
		conf["events"] = false
	}
	for key, value := range extra {
		conf[key] = value
	}
	return w.write(s.folder()+".json", conf)
}

// delegateConf writes what a delegate gets, for those that are executed bare.
func (w *world) delegateConf(name string, extra map[string]any) (string, error) {
	conf := map[string]any{}
	if err := json.Unmarshal([]byte(definition), &conf); err != nil {
		return "", err
	}
	for key, value := range extra {
		conf[key] = value
	}
	return w.write(name+"-bare.json", conf)
}

func (w *world) write(name string, conf map[string]any) (string, error) {
	data, err := json.Marshal(conf)
	if err != nil {
		return "", err
	}
	path := w.path(name)
	return path, os.WriteFile(path, data, 0o600)
}

// state is the state folder of a setup.
func (w *world) state(s setup) string { return filepath.Join(w.dir, "state", s.folder()) }

// container is an id as runtimes make them.
func container(serial int) string { return fmt.Sprintf("%064x", serial) }

// environ is the environment of a command for the sandbox of that serial number.
func (w *world) environ(command string, s setup, serial int) []string {
	var sandbox node.Sandbox
	if command != "GC" {
		sandbox = node.Sandbox{ID: container(serial), NetNS: "/var/run/netns/none", Namespace: namespace, Pod: podName(s.nads), UID: podUID(s.nads)}
	}
	return append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "CNI_COMMAND=" + command, "CNI_PATH=" + w.path("bin")}, sandbox.Env()...)
}

// ours is one execution of multus.
func (w *world) ours(conf string, env []string) timing.Run {
	return timing.Run{Args: []string{w.multus}, Env: env, Stdin: conf}
}

// bare is the execution of so many delegates and of nothing else.
func (w *world) bare(conf string, env []string, count int) timing.Run {
	return timing.Run{Args: []string{w.path("bin/bare"), w.path("bin/noop"), strconv.Itoa(count)}, Env: env, Stdin: conf}
}
