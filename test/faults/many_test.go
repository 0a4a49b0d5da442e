package faults_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// TestManyAtOnce: a hundred sandboxes come at once and go at once, and each gets
// what is its own.
func TestManyAtOnce(t *testing.T) {
	const many = 100
	n := newNode(t)
	all := func(verb string) []node.Outcome {
		running := make([]*node.Started, many)
		for i := range running {
			running[i] = n.start(verb, fmt.Sprintf("c%d", i))
		}
		ended := make([]node.Outcome, many)
		for i, s := range running {
			if ended[i] = s.End(); ended[i].Exit != 0 {
				t.Errorf("%s of c%d: %s", verb, i, ended[i].Stdout)
			}
		}
		return ended
	}
	for i, o := range all("ADD") {
		if want := fmt.Sprintf(`"sandbox":"/run/netns/none-c%d"`, i); !strings.Contains(o.Stdout, want) {
			t.Errorf("ADD of c%d answered %s", i, o.Stdout)
		}
	}
	n.executions()
	all("CHECK")
	all("DEL")
	calls := map[string]int{}
	for _, e := range n.executions() {
		var conf struct {
			PrevResult struct {
				Interfaces []struct{ Name, Sandbox string }
			}
		}
		n.Must(json.Unmarshal([]byte(e.Stdin), &conf))
		is, want := conf.PrevResult.Interfaces, "/run/netns/none-"+e.Env["CNI_CONTAINERID"]
		if len(is) != 1 || is[0].Sandbox != want || is[0].Name != e.Env["CNI_IFNAME"] || e.Env["CNI_NETNS"] != want {
			t.Errorf("%s of %s: prevResult %v", e, e.Env["CNI_CONTAINERID"], is)
		}
		calls[e.String()]++
	}
	for call, times := range calls {
		if times != many {
			t.Errorf("%s: %d times", call, times)
		}
	}
	if len(calls) != 8 {
		t.Errorf("calls %v", calls)
	}
	n.clean()
}

// TestManyRecords: a node that is full is about as fast as an empty one.
func TestManyRecords(t *testing.T) {
	const many = 500
	n, empty := newNode(t), newNode(t)
	n.ok("ADD", "x0")
	template, err := os.ReadFile(n.record("x0"))
	n.Must(err)
	var ids []string
	for i := range many {
		id := fmt.Sprintf("x%d", i)
		n.Write(n.record(id), strings.ReplaceAll(string(template), `"x0"`, `"`+id+`"`))
		ids = append(ids, id)
	}
	least, most := time.Hour, time.Hour
	for range 10 { // by turns, as the machine has other things to do too
		least, most = min(least, empty.timeDEL()), min(most, n.timeDEL())
	}
	if most > 2*least+20*time.Millisecond {
		t.Errorf("DEL takes %s with %d records, %s without", most, many, least)
	}
	n.executions()

	begin := time.Now()
	out, err := exec.Command(cnitest.Binary("multus"), "list", "--state", n.Path("state"), "-o", "json").Output()
	n.Must(err)
	var listed []json.RawMessage
	n.Must(json.Unmarshal(out, &listed))
	if took := time.Since(begin); len(listed) != many || took > 3*time.Second {
		t.Errorf("%d sandboxes are listed, in %s", len(listed), took)
	}

	n.valid(ids...)
	if o := n.ok("GC", ""); o.Took > 3*time.Second {
		t.Errorf("GC took %s", o.Took)
	}
	if calls := n.calls(); len(calls) != 4 {
		t.Errorf("calls %v", calls)
	}
	if files := n.files(); len(files) != many+2 {
		t.Errorf("%d files are left", len(files))
	}
}

// timeDEL is how long the DEL of a sandbox takes.
func (n *host) timeDEL() time.Duration {
	n.T.Helper()
	n.ok("ADD", "probe")
	return n.ok("DEL", "probe").Took
}
