package faults_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// older leaves what Multus v3 and v4 left of c1, with two networks, on the node.
func (n *host) older(script doc) {
	n.T.Helper()
	element := func(name string, config doc, more doc) doc {
		more["Name"], more["Conf"], more["ConfList"] = name, doc{"name": ""}, doc{"name": "", "plugins": nil}
		more["Bytes"] = base64.StdEncoding.EncodeToString([]byte(n.text(config)))
		return more
	}
	n.Write(n.Path("state", "c1"), n.text([]doc{
		element("a", n.network("a", script), doc{"MasterPlugin": true}),
		element("ns1/b", n.network("b", script), doc{"ipRequest": []string{"192.0.2.7/24"}}),
	}))
	for name, ifName := range map[string]string{"a": "eth0", "b": "net1"} {
		n.Write(n.Path("state", "results", name+"-c1-"+ifName), n.text(doc{
			"kind": "cniCacheV1", "containerId": "c1", "ifName": ifName, "networkName": name, "netns": "/run/netns/of-old",
			"config": "e30=", "cniArgs": [][2]string{{"K8S_POD_NAMESPACE", "ns1"}, {"K8S_POD_NAME", "old"}},
			"capabilityArgs": doc{"mac": "02:00:00:00:00:07"},
			"result":         doc{"cniVersion": "1.0.0", "dns": doc{"domain": name + ".old.example"}},
		}))
	}
}

// wantOlder holds the executions to the input that the older files tell of.
func (n *host) wantOlder(want string) {
	n.T.Helper()
	var calls []string
	for _, e := range n.executions() {
		calls = append(calls, e.String())
		name := strings.TrimPrefix(e.Type, "rec-")
		if !strings.Contains(e.Stdin, `"domain":"`+name+`.old.example"`) {
			n.T.Errorf("%s: without the cached result: %s", e, e.Stdin)
		}
		if e.Env["CNI_ARGS"] != "K8S_POD_NAMESPACE=ns1;K8S_POD_NAME=old" {
			n.T.Errorf("%s: CNI_ARGS %q", e, e.Env["CNI_ARGS"])
		}
	}
	if got := strings.Join(calls, ", "); got != want {
		n.T.Errorf("calls: %s\nwant:  %s", got, want)
	}
}

// TestRecordOfV4: CHECK and DEL know what was attached, with what, and DEL leaves
// neither the record nor the cache.
func TestRecordOfV4(t *testing.T) {
	n := newNode(t)
	n.older(nil)
	n.refused("ADD", "c1", 100, "attached already")
	n.ok("CHECK", "c1")
	n.wantOlder("CHECK eth0 rec-a, CHECK net1 rec-b")
	n.ok("DEL", "c1")
	n.wantOlder("DEL net1 rec-b, DEL eth0 rec-a")
	n.clean()
}

// TestRecordOfV4IsKept as far as it is not done with.
func TestRecordOfV4IsKept(t *testing.T) {
	n := newNode(t)
	n.older(doc{"fail": doc{"DEL": doc{"code": 11, "msg": "not now"}}, "failTimes": doc{"DEL": 1}})
	n.refused("DEL", "c1", 11, "network ns1/b (net1): rec-b: not now")
	n.wantOlder("DEL net1 rec-b, DEL eth0 rec-a")
	if !exists(n.Path("state", "c1")) && !exists(n.record("c1")) {
		t.Errorf("no record is left: %q", n.files())
	}
	n.ok("DEL", "c1")
	n.wantOlder("DEL net1 rec-b")
	n.clean()
}

// TestRecordOfV4IsCollected once the runtime has given its sandbox up, and not before.
func TestRecordOfV4IsCollected(t *testing.T) {
	n := newNode(t)
	n.older(nil)
	n.valid("c1")
	n.ok("GC", "")
	for _, e := range n.executions() {
		if e.Command != "GC" || e.Type == "rec-b" && !strings.Contains(e.Stdin, `{"containerID":"c1","ifname":"net1"}`) {
			t.Errorf("%s: %s", e, e.Stdin)
		}
	}
	n.valid()
	n.ok("GC", "")
	if got := strings.Join(n.calls(), ", "); !strings.HasPrefix(got, "DEL net1 rec-b, DEL eth0 rec-a, GC ") {
		t.Errorf("calls: %s", got)
	}
	n.clean()
}

// TestRecordOfV4WithoutItsCache: DEL does without the results.
func TestRecordOfV4WithoutItsCache(t *testing.T) {
	n := newNode(t)
	n.older(nil)
	n.Must(os.RemoveAll(n.Path("state", "results")))
	n.ok("DEL", "c1")
	n.wantCalls("DEL net1 rec-b, DEL eth0 rec-a")
	n.clean()
}

// TestRecordOfV2: the elements were the configurations themselves; the others were
// counted from net0.
func TestRecordOfV2(t *testing.T) {
	n := newNode(t)
	master := n.network("b", nil)
	master["masterplugin"] = true
	n.Write(n.Path("state", "c1"), n.text([]doc{n.network("a", nil), master}))
	n.ok("DEL", "c1")
	n.wantCalls("DEL net0 rec-a, DEL eth0 rec-b")
	n.clean()
	n.Write(n.Path("state", "c1"), "[{")
	n.refused("CHECK", "c1", 5, "unreadable record", n.Path("state", "c1"))
	n.ok("DEL", "c1")
	n.wantCalls(delAll)
	if exists(n.Path("state", "c1")) || len(n.files()) != 3 { // but set aside
		t.Errorf("left: %q", n.files())
	}
}
