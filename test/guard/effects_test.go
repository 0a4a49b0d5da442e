//go:build amd64 || arm64

package guard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// pod is how a pod is attached.
type pod struct {
	networks string         // the annotation
	read     bool           // it is read from the API server, else the runtime hands it over
	conf     map[string]any // besides what all have
}

// quiet has nothing written to the API server.
func quiet() map[string]any { return map[string]any{"networkStatus": "never", "events": false} }

// node is a node on which multus has been at work before, so that its directories exist.
type node struct {
	server     *cnitest.APIServer
	kubeconfig string
	cniDir     string
}

func newNode(t *testing.T, p pod) *node {
	t.Helper()
	n := &node{server: cnitest.NewAPIServer(t), cniDir: t.TempDir()}
	n.kubeconfig = n.server.KubeconfigFile(t)
	for i := range 9 {
		n.put(t, fmt.Sprintf(`{"kind": "NetworkAttachmentDefinition", "metadata": {"name": "net%d", "namespace": "d"},
			"spec": {"config": "{\"cniVersion\": \"1.1.0\", \"type\": \"noop\"}"}}`, i))
	}
	annotations, err := json.Marshal(p.annotations())
	if err != nil {
		t.Fatal(err)
	}
	n.put(t, `{"kind": "Pod", "metadata": {"name": "p", "namespace": "d", "uid": "u", "annotations": `+string(annotations)+`}}`)
	before := n.execution(t, "ADD", p, "before")
	trace(t, before)
	trace(t, n.execution(t, "DEL", p, "before"))
	return n
}

func (n *node) put(t *testing.T, object string) {
	t.Helper()
	if err := n.server.Put([]byte(object)); err != nil {
		t.Fatal(err)
	}
}

func (p pod) annotations() map[string]string {
	if p.networks == "" {
		return map[string]string{"kubernetes.io/config.source": "api"}
	}
	return map[string]string{"k8s.v1.cni.cncf.io/networks": p.networks}
}

// execution is a command for the pod in a sandbox of that name.
func (n *node) execution(t *testing.T, command string, p pod, sandbox string) execution {
	t.Helper()
	conf := map[string]any{
		"cniVersion": "1.1.0", "name": "multus", "type": "multus", "kubeconfig": n.kubeconfig, "cniDir": n.cniDir,
		"delegates":    []any{map[string]any{"cniVersion": "1.1.0", "name": "default", "type": "noop"}},
		"capabilities": map[string]bool{"io.kubernetes.cri.pod-annotations": true},
	}
	if !p.read {
		conf["runtimeConfig"] = map[string]any{"io.kubernetes.cri.pod-annotations": p.annotations()}
	}
	if command == "GC" {
		conf["cni.dev/valid-attachments"] = []any{map[string]string{"containerID": sandbox, "ifname": "eth0"}}
	}
	for key, value := range p.conf {
		conf[key] = value
	}
	stdin, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	return execution{stdin: stdin, env: []string{
		"CNI_COMMAND=" + command, "CNI_CONTAINERID=" + sandbox, "CNI_IFNAME=eth0", "CNI_NETNS=/var/run/netns/none",
		"CNI_PATH=" + cnitest.Binary(""), "CNI_ARGS=K8S_POD_NAMESPACE=d;K8S_POD_NAME=p;K8S_POD_UID=u",
	}}
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
	return effects{Created: 2 + 1, Renames: 2, Syncs: 2 + 1, Processes: n}
}

// asking is the same with one connection to the API server, whatever is asked.
func asking(e effects) effects {
	e.Sockets = 2 // socket and connect
	return e
}

// detaching is what it takes to undo that: the record is removed, and its
// temporary file, should there be one. Nothing is synced: what a power cut brings
// back is for GC. The lock file is opened as above. The API server has no part in it.
func detaching(n int) effects {
	return effects{Created: 1, Removed: 2, Processes: n}
}

// tries is how often a pod is attached until it goes as expected: beside a
// delegate that takes its time, as any may on a busy machine, the record is
// written once more.
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
				diff = n.compare(t, n.execution(t, "ADD", tt.pod, sandbox), tt.add, tt.requests) +
					n.compare(t, n.execution(t, "DEL", tt.pod, sandbox), tt.del, nil)
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
	trace(t, n.execution(t, "ADD", p, "sandbox"))
	n.expect(t, n.execution(t, "CHECK", p, "sandbox"), effects{Created: 1, Processes: 3}, nil)
	n.expect(t, n.execution(t, "GC", p, "sandbox"), effects{Created: 1, Processes: 3}, nil)
	n.expect(t, n.execution(t, "VERSION", p, "sandbox"), effects{}, nil)
}

// expect executes multus and compares what it did.
func (n *node) expect(t *testing.T, e execution, want effects, requests []string) {
	t.Helper()
	if diff := n.compare(t, e, want, requests); diff != "" {
		t.Error(diff)
	}
}

// compare executes multus and returns in what its effects are others than those
// wanted. What it asks of the API server does not depend on how fast anything is.
func (n *node) compare(t *testing.T, e execution, want effects, requests []string) string {
	t.Helper()
	before, connections := len(n.server.Requests()), n.server.Connections()
	got := trace(t, e)
	var asked []string
	for _, r := range n.server.Requests()[before:] {
		_, object, _ := strings.Cut(r.Path, "/namespaces/d/")
		asked = append(asked, r.Method+" "+object)
	}
	slices.Sort(asked)
	if diff := cmp.Diff(requests, asked, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: requests (- wanted, + got):\n%s", e.env[0], diff)
	}
	if opened := n.server.Connections() - connections; opened != min(1, len(requests)) {
		t.Errorf("%s: %d connections", e.env[0], opened)
	}
	if len(requests) == 0 && slices.Contains(got.opened, n.kubeconfig) {
		t.Errorf("%s: the kubeconfig was read for nothing", e.env[0])
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(effects{})); diff != "" {
		return fmt.Sprintf("\n%s: effects (- wanted, + got):\n%s", e.env[0], diff)
	}
	return ""
}
