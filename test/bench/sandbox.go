package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/state"
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
		all[node.Networks] = strings.Join(names, ", ")
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
	herd    bool // many sandboxes at the same time; figures are those of all together
}

// size is how many sandboxes there are at the same time.
func (s setup) size() int {
	if s.herd {
		return herdSize
	}
	return 1
}

// name is what a command of the setup is called.
func (s setup) name(command string) string {
	text := fmt.Sprintf("%s %2d", command, s.nads)
	switch command {
	case "ADD":
		text += s.details()
	case "GC":
		text = command
	}
	if s.others > 0 {
		text += fmt.Sprintf(", %d recorded", s.others)
	}
	if s.herd {
		text = fmt.Sprintf("%d %s at once", herdSize, text)
	}
	return text
}

func (s setup) details() (text string) {
	if s.reads {
		text += ", pod read"
	}
	switch {
	case s.quiet && s.silent:
		text += ", nothing published"
	case s.silent:
		text += ", no event"
	}
	if s.latency > 0 {
		text += ", " + s.latency.String()
	}
	return text
}

// folder names the setup, for its state and its configurations.
func (s setup) folder() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%+v", s), " ", "_"), "{}")
}

// firstOther is the serial number of the first of the sandboxes that are merely recorded.
const firstOther = 1 << 20

// alive is what the runtime says of them.
func (s setup) alive() []map[string]string {
	var valid []map[string]string
	for i := range s.others {
		valid = append(valid, map[string]string{"containerID": container(firstOther + i), "ifname": "eth0"})
	}
	return valid
}

// fill records the other sandboxes: all like one that multus attached, but by name.
func (w *world) fill(ctx context.Context, s setup, conf string) error {
	if s.others == 0 {
		return nil
	}
	if _, err := w.order(ctx, only(w.ours(conf, w.environ("ADD", s, firstOther)))); err != nil {
		return err
	}
	dir := state.Dir(w.state(s))
	record, err := dir.Load(state.Key{ContainerID: container(firstOther), IfName: "eth0"})
	for i := 1; i < s.others && err == nil; i++ {
		record.Sandbox.ContainerID = container(firstOther + i)
		err = dir.Create(record)
	}
	return err
}

// conf writes what the runtime hands over on standard input, and returns its path.
func (w *world) conf(s setup, extra map[string]any) (string, error) {
	conf := map[string]any{
		"cniVersion": "1.1.0", "name": "multus", "type": "multus",
		"kubeconfig": w.servers[s.latency].kubeconfig, "cniDir": w.state(s), "binDir": w.path("bin"),
		"delegates":    []any{map[string]any{"cniVersion": "1.1.0", "name": "default", "plugins": []any{map[string]any{"type": "noop"}}}},
		"capabilities": map[string]bool{node.PodAnnotations: true},
	}
	if !s.reads {
		conf["runtimeConfig"] = map[string]any{node.PodAnnotations: annotations(s.nads)}
	}
	if s.quiet {
		conf["networkStatus"] = "never"
	}
	if s.silent {
		conf["events"] = false
	}
	maps.Copy(conf, extra)
	return w.write(s.folder()+".json", conf)
}

// delegateConf writes what a delegate gets, for those that are executed bare.
func (w *world) delegateConf(name string, extra map[string]any) (string, error) {
	conf := map[string]any{}
	if err := json.Unmarshal([]byte(definition), &conf); err != nil {
		return "", err
	}
	maps.Copy(conf, extra)
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
