package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// host is a node whose plugins are all the recorder, and its configuration.
type host struct {
	*node.Node
	conf doc
}

type doc = node.Doc

// newNode is a node with three static networks, a, b and c, of which c runs two plugins.
func newNode(t testing.TB) *host {
	t.Helper()
	n := &host{Node: node.New(t)}
	for _, dir := range []string{"log", "net.d"} {
		n.Must(os.Mkdir(n.Path(dir), 0o755))
	}
	for _, plugin := range []string{"rec-a", "rec-b", "rec-c", "rec-d"} {
		n.Must(os.Symlink(cnitest.Binary("recorder"), n.Path("bin", plugin)))
	}
	n.conf = doc{
		"cniVersion": "1.1.0", "name": "node", "type": "multus", "cniDir": n.Path("state"), "confDir": n.Path("net.d"),
		"apiTimeout": "2s", "events": false,
		"delegates": []doc{n.network("a", nil), n.network("b", nil), n.chain("c", nil)},
	}
	return n
}

// cluster gives the node an API server.
func (n *host) cluster() *cnitest.APIServer {
	n.T.Helper()
	n.Cluster()
	n.set("kubeconfig", n.Kubeconfig)
	return n.API
}

// pod puts the pod that all sandboxes here are of into the cluster.
func (n *host) pod(networks string) {
	n.T.Helper()
	n.Admit(sandbox(""), map[string]string{node.Networks: networks})
}

// nad puts a NetworkAttachmentDefinition into the pod's namespace.
func (n *host) nad(name string, config any) {
	n.T.Helper()
	n.Define("ns1", name, n.text(config), nil)
}

// text is a value as JSON.
func (n *host) text(value any) string {
	n.T.Helper()
	data, err := json.Marshal(value)
	n.Must(err)
	return string(data)
}

// valid sets the attachments that GC is told of.
func (n *host) valid(ids ...string) {
	all := []doc{}
	for _, id := range ids {
		all = append(all, doc{"containerID": id, "ifname": "eth0"})
	}
	n.set("cni.dev/valid-attachments", all)
}

// status is the pod's network-status annotation.
func (n *host) status() string { return n.API.Annotations("ns1", "p1")[node.NetworkStatus] }

func sandbox(id string) node.Sandbox {
	return node.Sandbox{ID: id, NetNS: "/run/netns/none-" + id, Namespace: "ns1", Pod: "p1", UID: "uid-1"}
}

// recorder is the plugin's script: it logs, and leaves a file as soon as ADD is
// started, whatever becomes of it then.
func (n *host) recorder(plugin string, script doc) doc {
	all := doc{"log": n.Path("log"), "touch": doc{"ADD": n.Path("log", "started-"+plugin)}}
	maps.Copy(all, script)
	return all
}

// network is a configuration of the plugin rec-<name> that does what script says beside.
func (n *host) network(name string, script doc) doc {
	return doc{"cniVersion": "1.1.0", "name": name, "type": "rec-" + name, "recorder": n.recorder("rec-"+name, script)}
}

// chain runs two plugins, rec-<name> and rec-d.
func (n *host) chain(name string, script doc) doc {
	return doc{"cniVersion": "1.1.0", "name": name, "plugins": []doc{
		{"type": "rec-" + name, "recorder": n.recorder("rec-"+name, script)},
		{"type": "rec-d", "recorder": n.recorder("rec-d", script)},
	}}
}

// set changes a member of the configuration; nil takes it away.
func (n *host) set(key string, value any) {
	n.conf[key] = value
	if value == nil {
		delete(n.conf, key)
	}
}

// script gives the network a, b or c another one.
func (n *host) script(name string, script doc) {
	nets := slices.Clone(n.conf["delegates"].([]doc))
	nets[name[0]-'a'] = n.network(name, script)
	n.set("delegates", nets)
}

// command is the binary as a runtime starts it for a sandbox.
func (n *host) command(verb, id string) *exec.Cmd {
	n.T.Helper()
	return n.Command(verb, n.conf, sandbox(id))
}

// start starts a command for a sandbox.
func (n *host) start(verb, id string) *node.Started {
	n.T.Helper()
	return n.Start(n.command(verb, id))
}

// atWork starts an ADD and waits until it is at work in the plugin of the network b,
// which does what script says.
func (n *host) atWork(script doc) *node.Started {
	n.T.Helper()
	n.script("b", script)
	add := n.start("ADD", "c1")
	n.Await("the second plugin runs", func() bool { return exists(n.Path("log", "started-rec-b")) })
	return add
}

// cni runs a command to its end.
func (n *host) cni(verb, id string) node.Outcome {
	n.T.Helper()
	return n.Run(verb, n.conf, sandbox(id))
}

// ok runs a command that has to succeed.
func (n *host) ok(verb, id string) node.Outcome {
	n.T.Helper()
	return n.cni(verb, id).OK(n.T)
}

// refused runs a command that has to fail with the code, and a message with all the texts.
func (n *host) refused(verb, id string, code uint, texts ...string) node.Outcome {
	n.T.Helper()
	o := n.cni(verb, id).Refused(n.T, texts...)
	if o.Code != code {
		n.T.Errorf("%s: code %d (%s), want %d", verb, o.Code, o.Msg, code)
	}
	return o
}

// executed is one line of the recorder's log.
type executed struct {
	Command, Type, Stdin string
	Env                  map[string]string
	Start, End           time.Time
}

func (e executed) String() string { return e.Command + " " + e.Env["CNI_IFNAME"] + " " + e.Type }

// executions are the plugins' executions that came to an end since it was last asked.
func (n *host) executions() []executed {
	n.T.Helper()
	data, err := os.ReadFile(n.Path("log", "calls.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	n.Must(err)
	n.Must(os.Remove(n.Path("log", "calls.jsonl")))
	var list []executed
	for line := range bytes.Lines(data) {
		var e executed
		n.Must(json.Unmarshal(line, &e))
		list = append(list, e)
	}
	return list
}

// detached are the plugins of the executions since it was last asked, DEL all of them.
func (n *host) detached() []string {
	n.T.Helper()
	var plugins []string
	for _, e := range n.executions() {
		if e.Command != "DEL" {
			n.T.Errorf("DEL ran %s", e)
		}
		plugins = append(plugins, e.Type)
	}
	return plugins
}

// calls are the executions as text: DEL net0 rec-b.
func (n *host) calls() []string {
	n.T.Helper()
	list := []string{}
	for _, e := range n.executions() {
		list = append(list, e.String())
	}
	return list
}

// wantCalls holds the executions since it was last asked to a list, separated by commas.
func (n *host) wantCalls(want string) {
	n.T.Helper()
	if got := strings.Join(n.calls(), ", "); got != want {
		n.T.Errorf("calls: %s\nwant:  %s", got, want)
	}
}

// The calls for the three networks of newNode.
const (
	addAll = "ADD eth0 rec-a, ADD net0 rec-b, ADD net1 rec-c, ADD net1 rec-d"
	delAll = "DEL net1 rec-d, DEL net1 rec-c, DEL net0 rec-b, DEL eth0 rec-a"
)

// begun are the plugins whose ADD was begun, whether or not it came to an end.
func (n *host) begun() []string {
	n.T.Helper()
	files, err := filepath.Glob(n.Path("log", "started-*"))
	n.Must(err)
	var plugins []string
	for _, file := range files {
		plugins = append(plugins, strings.TrimPrefix(filepath.Base(file), "started-"))
		n.Must(os.Remove(file))
	}
	return plugins
}

// clean holds the state directory to having nothing of any sandbox in it.
func (n *host) clean() {
	n.T.Helper()
	for _, name := range n.files() {
		if name != "lock" && name != "sandboxes" && name != "unreadable" && name != "results" && name != "unfinished" {
			n.T.Errorf("%s is left in the state directory", name)
		}
	}
}

// files is everything below the state directory.
func (n *host) files() []string {
	n.T.Helper()
	return n.Files(n.conf["cniDir"].(string), true)
}

// record is where the record of a sandbox is.
func (n *host) record(id string) string { return n.Path("state", "sandboxes", id+"@eth0.json") }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
