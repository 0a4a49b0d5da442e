package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// Where an API server can fail.
const (
	podRead   = "GET /api/v1/namespaces/ns1/pods/p1"
	nadRead   = "GET */network-attachment-definitions/x"
	statusPut = "PATCH */pods/p1/status"
)

// apiFault is a way in which the API server fails, and what becomes of ADD.
type apiFault struct {
	fault string // without the place
	place string
	code  uint   // 0: ADD succeeds
	says  string // texts in the message, separated by |: the cause and the cure
}

func apiFaults() []apiFault {
	const (
		load  = "no answer in time|API server's load"
		reset = "connection reset"
		token = "401|not accepted"
	)
	return []apiFault{
		{"hang", podRead, 11, load},
		{"reset", podRead, 11, reset},
		{"truncate", podRead, 11, reset},
		{"401", podRead, 11, token},
		{"403", podRead, 11, `give Multus's ClusterRole the verb "get" on "pods"`},
		{"404", podRead, 11, "pod ns1/p1 does not exist"},
		{"409", podRead, 11, "rejects the request: 409"},
		{"503 times=2", podRead, 0, ""},

		{"hang", nadRead, 11, load},
		{"403", nadRead, 11, `the verb "get" on "network-attachment-definitions.k8s.cni.cncf.io"`},
		{"404", nadRead, 7, `no NetworkAttachmentDefinition "x" in namespace "ns1"|create it or correct`},
		{"409", nadRead, 7, "rejects the request: 409"},
		{"500", nadRead, 11, "500 Internal error"},
		{"429 times=2", nadRead, 0, ""},
		{"garbage", nadRead, 11, "is there a proxy between"},
		{"big", nadRead, 7, "larger than 4 MiB"},

		{"hang", statusPut, 11, load},
		{"401", statusPut, 11, token},
		{"403", statusPut, 11, `the verb "patch" on "pods/status"`},
		{"404", statusPut, 0, ""}, // the pod is gone, and so will the sandbox be
		{"409", statusPut, 11, "409"},
		{"409 times=2", statusPut, 0, ""},
		{"422", statusPut, 0, ""},     // another pod has the name by now
		{"garbage", statusPut, 0, ""}, // what matters is that it was accepted
		{"big", statusPut, 11, "larger than 4 MiB"},
	}
}

// TestAPIServerFails in each way at each request: ADD ends within its budgets,
// says why and what to do, and nothing is attached then; DEL does not care.
func TestAPIServerFails(t *testing.T) {
	faults := apiFaults()
	nodes := make([]*host, len(faults))
	adds := make([]*node.Started, len(faults))
	for i, f := range faults { // all at once, as most of them wait
		n := newNode(t)
		n.cluster()
		n.set("delegates", []doc{n.network("a", nil)})
		n.pod("x")
		n.nad("x", n.network("b", nil))
		words := strings.Fields(f.fault)
		fault, err := cnitest.ParseFault(strings.Join(append([]string{words[0], f.place}, words[1:]...), " "))
		n.Must(err)
		n.API.Fail(fault)
		nodes[i], adds[i] = n, n.start("ADD", "c1")
	}
	for i, f := range faults {
		t.Run(f.fault+" "+f.place, func(t *testing.T) {
			n := nodes[i]
			n.T = t
			o := adds[i].End()
			if o.Exit != 0 && f.code == 0 || o.Code != f.code {
				t.Errorf("ADD: exit status %d, %s", o.Exit, o.Stdout)
			}
			for text := range strings.SplitSeq(f.says, "|") {
				if !strings.Contains(o.Msg, text) {
					t.Errorf("%q says nothing of %q", o.Msg, text)
				}
			}
			// One budget of 2 s for all reads, and one for the write; and a busy machine.
			if o.Took > 5*time.Second {
				t.Errorf("ADD took %s", o.Took)
			}
			n.afterAPIFault(f)
		})
	}
}

func (n *host) afterAPIFault(f apiFault) {
	n.T.Helper()
	const added = "ADD eth0 rec-a, ADD net0 rec-b"
	const deleted = "DEL net0 rec-b, DEL eth0 rec-a"
	switch {
	case f.code == 0:
		n.wantCalls(added)
	case f.place == statusPut:
		n.wantCalls(added + ", " + deleted)
	default:
		n.wantCalls("")
	}
	if f.code != 0 {
		n.clean()
		n.API.Heal()
		n.ok("ADD", "c1")
		n.wantCalls(added)
		if s := n.status(); !strings.Contains(s, `"name":"ns1/x","interface":"net0"`) {
			n.T.Errorf("status after the fault: %s", s)
		}
	}
	before := len(n.API.Requests())
	n.ok("DEL", "c1")
	n.wantCalls(deleted)
	n.clean()
	if more := n.API.Requests()[before:]; len(more) > 0 {
		n.T.Errorf("DEL asked the API server: %v", more[0].Path)
	}
}

// TestNoAPIServer: nothing listens at the address, and the kubeconfig is gone or
// no kubeconfig.
func TestNoAPIServer(t *testing.T) {
	n := newNode(t)
	n.cluster().Close()
	n.refused("ADD", "c1", 11, "connection refused", "does the API server run")
	n.Write(n.Kubeconfig, "{{{")
	n.refused("ADD", "c1", 11, "kubeconfig "+n.Kubeconfig)
	n.Write(n.Kubeconfig, "")
	n.refused("ADD", "c1", 11, "kubeconfig "+n.Kubeconfig)
	n.set("kubeconfig", n.Path("nowhere"))
	n.refused("ADD", "c1", 11, "kubeconfig "+n.Path("nowhere"), "no such file")
	n.wantCalls("")
	n.clean()
	n.ok("DEL", "c1")
	n.wantCalls(delAll)
}

// TestSTATUSOfAPluginThatHangs is answered within 5 s.
func TestSTATUSOfAPluginThatHangs(t *testing.T) {
	n := newNode(t)
	n.script("a", doc{"sleep": doc{"STATUS": "30s"}, "forkChild": doc{"STATUS": "30s"}})
	if o := n.refused("STATUS", "", 50, "network a: rec-a: no answer to STATUS"); o.Took > 5*time.Second {
		t.Errorf("STATUS took %s", o.Took)
	}
}
