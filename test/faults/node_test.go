package faults_test

import (
	"bytes"
	"context"
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
)

// node is a host as far as Multus can tell: plugins, folders, and a configuration.
type node struct {
	t    testing.TB
	dir  string
	conf map[string]any
	api  *cnitest.APIServer // nil: there is none
}

// doc is a JSON object.
type doc = map[string]any

// newNode is a node with three static networks, a, b and c, of which c runs two plugins.
func newNode(t testing.TB) *node {
	t.Helper()
	n := &node{t: t, dir: t.TempDir()}
	for _, folder := range []string{"bin", "log", "net.d"} {
		n.must(os.Mkdir(n.path(folder), 0o755))
	}
	for _, plugin := range []string{"rec-a", "rec-b", "rec-c", "rec-d"} {
		n.must(os.Symlink(cnitest.Binary("recorder"), n.path("bin", plugin)))
	}
	n.conf = doc{
		"cniVersion": "1.1.0", "name": "node", "type": "multus", "cniDir": n.path("state"), "confDir": n.path("net.d"),
		"apiTimeout": "2s", "events": false,
		"delegates": []doc{n.network("a", nil), n.network("b", nil), n.chain("c", nil)},
	}
	return n
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) path(elements ...string) string {
	return filepath.Join(append([]string{n.dir}, elements...)...)
}

// recorder is the plugin's script: it logs, and leaves a file as soon as ADD is
// started, whatever becomes of it then.
func (n *node) recorder(plugin string, script doc) doc {
	all := doc{"log": n.path("log"), "touch": doc{"ADD": n.path("log", "started-"+plugin)}}
	maps.Copy(all, script)
	return all
}

// network is a configuration of the plugin rec-<name> that does what script says beside.
func (n *node) network(name string, script doc) doc {
	return doc{"cniVersion": "1.1.0", "name": name, "type": "rec-" + name, "recorder": n.recorder("rec-"+name, script)}
}

// chain runs two plugins, rec-<name> and rec-d.
func (n *node) chain(name string, script doc) doc {
	return doc{"cniVersion": "1.1.0", "name": name, "plugins": []doc{
		{"type": "rec-" + name, "recorder": n.recorder("rec-"+name, script)},
		{"type": "rec-d", "recorder": n.recorder("rec-d", script)},
	}}
}

// set changes a member of the configuration; nil takes it away.
func (n *node) set(key string, value any) {
	n.conf[key] = value
	if value == nil {
		delete(n.conf, key)
	}
}

// script gives the network a, b or c another one.
func (n *node) script(name string, script doc) {
	nets := slices.Clone(n.conf["delegates"].([]doc))
	nets[name[0]-'a'] = n.network(name, script)
	n.set("delegates", nets)
}

// outcome is how a command ended.
type outcome struct {
	exit   int // -1: by a signal
	stdout string
	stderr string
	took   time.Duration
	Code   uint   `json:"code"`
	Msg    string `json:"msg"`
}

// command is the binary as a runtime starts it for a sandbox.
func (n *node) command(verb, id string) *exec.Cmd {
	n.t.Helper()
	conf, err := json.Marshal(n.conf)
	n.must(err)
	cmd := exec.Command(cnitest.Binary("multus"))
	cmd.Dir, cmd.Stdin = n.dir, bytes.NewReader(conf)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_PATH=" + n.path("bin")}
	if verb != "GC" && verb != "STATUS" {
		cmd.Env = append(cmd.Env, "CNI_CONTAINERID="+id, "CNI_IFNAME=eth0", "CNI_NETNS=/run/netns/none-"+id,
			"CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=p1;K8S_POD_UID=uid-1")
	}
	return cmd
}

// started is a command under way.
type started struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{}
	err            error
	took           time.Duration
}

// start starts a command, which is killed should it hang.
func (n *node) start(verb, id string) *started {
	n.t.Helper()
	s := &started{Cmd: n.command(verb, id), ended: make(chan struct{})}
	s.Stdout, s.Stderr = &s.stdout, &s.stderr
	s.WaitDelay = 5 * time.Second
	begin := time.Now()
	n.must(s.Start())
	kill := time.AfterFunc(time.Minute, func() { _ = s.Process.Kill() })
	go func() {
		s.err = s.Wait()
		s.took = time.Since(begin)
		kill.Stop()
		close(s.ended)
	}()
	n.t.Cleanup(func() { _ = s.Process.Kill(); <-s.ended })
	return s
}

func (n *node) end(s *started) outcome {
	n.t.Helper()
	<-s.ended
	if exit := (*exec.ExitError)(nil); s.err != nil && !errors.As(s.err, &exit) {
		n.t.Fatal(s.err)
	}
	o := outcome{exit: s.ProcessState.ExitCode(), stdout: s.stdout.String(), stderr: s.stderr.String(), took: s.took}
	if o.exit > 0 {
		if err := json.Unmarshal(s.stdout.Bytes(), &o); err != nil || o.Code == 0 || o.Msg == "" {
			n.t.Errorf("exit status %d without an error object: %q; standard error: %q", o.exit, o.stdout, o.stderr)
		}
	}
	return o
}

// cni runs a command to its end.
func (n *node) cni(verb, id string) outcome {
	n.t.Helper()
	return n.end(n.start(verb, id))
}

// ok runs a command that has to succeed.
func (n *node) ok(verb, id string) outcome {
	n.t.Helper()
	o := n.cni(verb, id)
	if o.exit != 0 {
		n.t.Fatalf("%s of %s: exit status %d, %s; standard error: %s", verb, id, o.exit, o.stdout, o.stderr)
	}
	return o
}

// refused runs a command that has to fail with the code, and a message with all the texts.
func (n *node) refused(verb, id string, code uint, texts ...string) outcome {
	n.t.Helper()
	o := n.cni(verb, id)
	if o.exit == 0 || o.Code != code {
		n.t.Errorf("%s: exit status %d, code %d (%s); want code %d; standard error: %.2000s", verb, o.exit, o.Code, o.Msg, code, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.Msg, text) {
			n.t.Errorf("%s: %q says nothing of %q", verb, o.Msg, text)
		}
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
func (n *node) executions() []executed {
	n.t.Helper()
	data, err := os.ReadFile(n.path("log", "calls.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	n.must(err)
	n.must(os.Remove(n.path("log", "calls.jsonl")))
	var list []executed
	for line := range bytes.Lines(data) {
		var e executed
		n.must(json.Unmarshal(line, &e))
		list = append(list, e)
	}
	return list
}

// calls are the executions as text: DEL net0 rec-b.
func (n *node) calls() []string {
	n.t.Helper()
	list := []string{}
	for _, e := range n.executions() {
		list = append(list, e.String())
	}
	return list
}

// wantCalls holds the executions since it was last asked to a list, separated by commas.
func (n *node) wantCalls(want string) {
	n.t.Helper()
	if got := strings.Join(n.calls(), ", "); got != want {
		n.t.Errorf("calls: %s\nwant:  %s", got, want)
	}
}

// The calls for the three networks of newNode.
const (
	addAll = "ADD eth0 rec-a, ADD net0 rec-b, ADD net1 rec-c, ADD net1 rec-d"
	delAll = "DEL net1 rec-d, DEL net1 rec-c, DEL net0 rec-b, DEL eth0 rec-a"
)

// begun are the plugins whose ADD was begun, whether or not it came to an end.
func (n *node) begun() []string {
	n.t.Helper()
	files, err := filepath.Glob(n.path("log", "started-*"))
	n.must(err)
	var plugins []string
	for _, file := range files {
		plugins = append(plugins, strings.TrimPrefix(filepath.Base(file), "started-"))
		n.must(os.Remove(file))
	}
	return plugins
}

// clean holds the state folder to having nothing of any sandbox in it.
func (n *node) clean() {
	n.t.Helper()
	for _, name := range n.files() {
		if name != "lock" && name != "sandboxes" && name != "unreadable" && name != "results" {
			n.t.Errorf("%s is left in the state folder", name)
		}
	}
}

// files is everything below the state folder.
func (n *node) files() []string {
	n.t.Helper()
	state := n.conf["cniDir"].(string)
	var names []string
	err := filepath.WalkDir(state, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != state {
			names = append(names, strings.TrimPrefix(path, state+"/"))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.t.Error(err)
	}
	return names
}

// record is where the record of a sandbox is.
func (n *node) record(id string) string { return n.path("state", "sandboxes", id+"@eth0.json") }

func (n *node) write(path, content string) {
	n.t.Helper()
	n.must(os.MkdirAll(filepath.Dir(path), 0o700))
	n.must(os.WriteFile(path, []byte(content), 0o600))
}

// await waits until something is so.
func (n *node) await(what string, so func() bool) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for !so() {
		if ctx.Err() != nil {
			n.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
