//go:build amd64 || arm64

package guard_test

import (
	"fmt"
	"maps"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// effects are how often an execution of multus does what: system calls that change the
// world around it, and processes. What its delegates do is theirs.
type effects map[string]int

// trace executes multus and returns what it did, and the paths that it opened or tried to.
func trace(t *testing.T, cmd *exec.Cmd) (done effects, opened []string) {
	t.Helper()
	counted := []string{cnitest.Connect, cnitest.Create, cnitest.Sync, cnitest.Rename, cnitest.Remove, cnitest.Executed}
	done = effects{}
	status, printed := cnitest.Trace(t, cmd, func(s cnitest.Step) bool {
		if s.Done && s.Does != cnitest.Executed { // each call is shown twice
			return true
		}
		if slices.Contains(counted, s.Does) {
			done[s.Does]++
		}
		opened = append(opened, s.Path)
		return true
	})
	if status != 0 {
		t.Fatalf("wait status %#x: %s", int(status), printed)
	}
	return done, opened
}

// pod is how a pod is attached.
type pod struct {
	networks string         // the annotation
	read     bool           // it is read from the API server, else the runtime hands it over
	conf     map[string]any // besides what all have
}

// quiet has nothing written to the API server.
func quiet() map[string]any { return map[string]any{"networkStatus": "never", "events": false} }

// host is a node on which multus has been at work before, so that its directories exist.
type host struct{ *node.Node }

func newNode(t *testing.T, p pod) host {
	t.Helper()
	n := host{node.New(t)}
	n.Bin = cnitest.Binary("")
	n.Cluster()
	for i := range 9 {
		n.Define("d", fmt.Sprintf("net%d", i), `{"cniVersion": "1.1.0", "type": "noop"}`, nil)
	}
	n.Admit(sandbox("before"), p.annotations())
	trace(t, n.command("ADD", p, "before"))
	trace(t, n.command("DEL", p, "before"))
	return n
}

func sandbox(id string) node.Sandbox {
	return node.Sandbox{ID: id, NetNS: "/var/run/netns/none", Namespace: "d", Pod: "p", UID: "u"}
}

func (p pod) annotations() map[string]string {
	if p.networks == "" {
		return map[string]string{"kubernetes.io/config.source": "api"}
	}
	return map[string]string{node.Networks: p.networks}
}

// command is one for the pod in a sandbox of that name.
func (n host) command(verb string, p pod, id string) *exec.Cmd {
	n.T.Helper()
	conf := node.Doc{
		"cniVersion": "1.1.0", "name": "multus", "type": "multus", "kubeconfig": n.Kubeconfig, "cniDir": n.Path("cni"),
		"delegates":    []any{node.Doc{"cniVersion": "1.1.0", "name": "default", "type": "noop"}},
		"capabilities": node.Doc{node.PodAnnotations: true},
	}
	if !p.read {
		conf["runtimeConfig"] = node.Doc{node.PodAnnotations: p.annotations()}
	}
	if verb == "GC" {
		conf["cni.dev/valid-attachments"] = []any{node.Doc{"containerID": id, "ifname": "eth0"}}
	}
	maps.Copy(conf, p.conf)
	return n.Command(verb, conf, sandbox(id))
}

// networks are the first of the cluster's networks.
func networks(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("net%d", i))
	}
	return strings.Join(names, ",")
}

// attaching is what n attachments take: the record is written before the first
// delegate runs and after the last. The data is synced both times, and the directory
// the first time: should a power cut undo the later rename, the older record
// serves. The lock file is opened with O_CREAT too.
func attaching(n int) effects {
	return effects{cnitest.Create: 2 + 1, cnitest.Rename: 2, cnitest.Sync: 2 + 1, cnitest.Executed: n}
}

// asking is the same with one connection to the API server, whatever is asked.
func asking(e effects) effects {
	e[cnitest.Connect] = 2 // socket and connect
	return e
}

// detaching is what it takes to undo that: the record is removed, and its temporary
// file, should there be one: two calls for what is not there. Nothing is synced: what a power cut brings
// back is for GC. The lock file is opened as above. The API server has no part in it.
func detaching(n int) effects {
	return effects{cnitest.Create: 1, cnitest.Remove: 3, cnitest.Executed: n}
}

// tries is how often a pod is attached until it goes as expected: on a busy machine a
// connection may be opened twice.
const tries = 10

func TestEffectsOfADDAndDEL(t *testing.T) {
	tests := []struct {
		name     string
		pod      pod
		add      effects
		requests []string
		del      effects
	}{
		{
			name: "nothing to ask and nothing to tell", pod: pod{conf: quiet()},
			add: attaching(1), del: detaching(1),
		},
		{
			name: "the status", pod: pod{conf: map[string]any{"events": false}},
			add: asking(attaching(1)), del: detaching(1),
			requests: []string{"PATCH pods/p/status"},
		},
		{
			name: "status and event",
			add:  asking(attaching(1)), del: detaching(1),
			requests: []string{"PATCH pods/p/status", "POST events"},
		},
		{
			name: "no status of a pod that has but the default network", pod: pod{conf: map[string]any{"events": false, "networkStatus": "additional"}},
			add: attaching(1), del: detaching(1),
		},
		{
			name: "the pod", pod: pod{read: true, conf: quiet()},
			add: asking(attaching(1)), del: detaching(1),
			requests: []string{"GET pods/p"},
		},
		{
			name: "a network thrice", pod: pod{networks: "net0,net0,net0", conf: quiet()},
			add: asking(attaching(4)), del: detaching(4),
			requests: []string{"GET network-attachment-definitions/net0"},
		},
		{
			name: "eight networks and all that may be asked", pod: pod{networks: networks(8), read: true},
			add: asking(attaching(9)), del: detaching(9),
			requests: []string{
				"GET network-attachment-definitions/net0", "GET network-attachment-definitions/net1",
				"GET network-attachment-definitions/net2", "GET network-attachment-definitions/net3",
				"GET network-attachment-definitions/net4", "GET network-attachment-definitions/net5",
				"GET network-attachment-definitions/net6", "GET network-attachment-definitions/net7",
				"GET pods/p", "PATCH pods/p/status", "POST events",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, tt.pod)
			diff := ""
			for i := range tries {
				sandbox := fmt.Sprintf("sandbox-%d", i)
				diff = n.compare(t, n.command("ADD", tt.pod, sandbox), tt.add, tt.requests) +
					n.compare(t, n.command("DEL", tt.pod, sandbox), tt.del, nil)
				if diff == "" {
					return
				}
			}
			t.Errorf("%d times; the last time:%s", tries, diff)
		})
	}
}

// The other commands change nothing: all that they create is the lock file,
// which is there already.
func TestEffectsOfOtherCommands(t *testing.T) {
	p := pod{networks: networks(2)}
	n := newNode(t, p)
	trace(t, n.command("ADD", p, "sandbox"))
	n.expect(t, n.command("CHECK", p, "sandbox"), effects{cnitest.Create: 1, cnitest.Executed: 3}, nil)
	n.expect(t, n.command("GC", p, "sandbox"), effects{cnitest.Create: 1, cnitest.Executed: 3}, nil)
	n.expect(t, n.command("VERSION", p, "sandbox"), effects{}, nil)
	n.expect(t, n.command("STATUS", p, "sandbox"), effects{cnitest.Executed: 1}, nil)
}

// expect executes multus and compares what it did.
func (n host) expect(t *testing.T, cmd *exec.Cmd, want effects, requests []string) {
	t.Helper()
	if diff := n.compare(t, cmd, want, requests); diff != "" {
		t.Error(diff)
	}
}

// compare executes multus and returns in what its effects are others than those
// wanted. What it asks of the API server does not depend on how fast anything is.
func (n host) compare(t *testing.T, cmd *exec.Cmd, want effects, requests []string) string {
	t.Helper()
	verb := cmd.Env[1]
	before, connections := len(n.API.Requests()), n.API.Connections()
	got, opened := trace(t, cmd)
	var asked []string
	for _, r := range n.API.Requests()[before:] {
		_, object, _ := strings.Cut(r.Path, "/namespaces/d/")
		asked = append(asked, r.Method+" "+object)
	}
	slices.Sort(asked)
	if diff := cmp.Diff(requests, asked, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: requests (- wanted, + got):\n%s", verb, diff)
	}
	if made := n.API.Connections() - connections; made != min(1, len(requests)) {
		t.Errorf("%s: %d connections", verb, made)
	}
	if read := slices.Contains(opened, n.Kubeconfig); read && len(requests) == 0 && verb != "CNI_COMMAND=STATUS" {
		t.Errorf("%s: the kubeconfig was read for nothing", verb)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Sprintf("\n%s: effects (- wanted, + got):\n%s", verb, diff)
	}
	return ""
}

// What an installer on the node is told costs one socket, and no connection.
func TestEffectsOfMetrics(t *testing.T) {
	p := pod{conf: quiet()}
	n := newNode(t, p)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: n.Path("cni/metrics.sock"), Net: "unixgram"})
	n.Must(err)
	defer conn.Close()
	add, del := attaching(1), detaching(1)
	add[cnitest.Connect], del[cnitest.Connect] = 1, 1
	n.expect(t, n.command("ADD", p, "sandbox"), add, nil)
	n.expect(t, n.command("DEL", p, "sandbox"), del, nil)
	told := make([]byte, 1024)
	if size, err := conn.Read(told); err != nil || !strings.HasPrefix(string(told[:size]), `{"command":"ADD","code":0,`) {
		t.Errorf("%s, %v", told[:size], err)
	}
}
