package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// record is what of a record an older one is made from.
type record struct {
	Sandbox     struct{ ContainerID, NetNS, Args string }
	Attachments []struct {
		Network, Interface string
		Master             bool
		Config, Result     json.RawMessage
	}
}

// TestOlderMultus: pods that Multus v4 attached are detached by this one. What v4
// would have written for the pod is put in the place of our own record.
func TestOlderMultus(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	n.start(pod("old", "one@net1,two@net2"))
	path := strings.TrimSpace(n.run("sh", "-c", "ls /var/lib/cni/multus/sandboxes/*"))
	var rec record
	n.must(json.Unmarshal([]byte(n.run("cat", path)), &rec))
	if len(rec.Attachments) != 3 {
		t.Fatalf("record: %+v", rec)
	}
	var elements []doc
	for _, a := range rec.Attachments {
		var config struct{ Name string }
		n.must(json.Unmarshal(a.Config, &config))
		elements = append(elements, doc{
			"Conf": doc{"cniVersion": "", "name": ""}, "ConfList": doc{"name": "", "plugins": nil}, "ConfListPlugin": true,
			"Bytes": base64.StdEncoding.EncodeToString(a.Config), "Name": a.Network, "ifnameRequest": a.Interface, "MasterPlugin": a.Master,
		})
		n.cached(rec, config.Name, a.Interface, a.Result)
	}
	data, err := json.Marshal(elements)
	n.must(err)
	n.write("/var/lib/cni/multus/"+rec.Sandbox.ContainerID, string(data))
	n.run("rm", path)
	n.removePods()
	n.clean()
}

// cached writes the result as CNI's own library keeps it, as v4 did.
func (n node) cached(rec record, network, ifName string, result json.RawMessage) {
	n.t.Helper()
	var args [][2]string
	for pair := range strings.SplitSeq(rec.Sandbox.Args, ";") {
		key, value, _ := strings.Cut(pair, "=")
		args = append(args, [2]string{key, value})
	}
	data, err := json.Marshal(doc{
		"kind": "cniCacheV1", "containerId": rec.Sandbox.ContainerID, "ifName": ifName, "networkName": network,
		"netns": rec.Sandbox.NetNS, "cniArgs": args, "config": "e30=", "result": result,
	})
	n.must(err)
	n.write(fmt.Sprintf("/var/lib/cni/multus/results/%s-%s-%s", network, rec.Sandbox.ContainerID, ifName), string(data))
}
