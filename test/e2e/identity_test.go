package e2e_test

import (
	"strings"
	"testing"
)

// slow is a plugin that takes its time to do nothing.
const slow = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
sleep 5
echo '{"cniVersion": "1.0.0", "interfaces": [], "ips": []}'
`

// TestForeignUID: the API server refuses a patch that names another UID than the
// pod's, in the form that pkg/kube knows and pkg/cnitest imitates.
func TestForeignUID(t *testing.T) {
	n := installed(t)
	n.start(pod("mine", ""))
	patch := `{"metadata": {"uid": "00000000-0000-0000-0000-000000000000", "annotations": {"` + statusKey + `": "[]"}}}`
	out, err := n.try("", "kubectl", "patch", "pod", "mine", "--subresource", "status", "--type", "merge", "-p", patch, "-v", "8")
	out = strings.NewReplacer(`\`, "", " ", "").Replace(out)
	for _, text := range []string{`"code":422`, `"field":"metadata.uid"`, `"reason":"Invalid"`} {
		if err == nil || !strings.Contains(out, text) {
			t.Errorf("%v: no %s in\n%s", err, text, out)
		}
	}
	n.truthful("mine", "cbr0")
}

// TestRecreated: a pod is deleted while it is being attached, and another one of
// its name is made: the network-status of the first must not get on the second.
func TestRecreated(t *testing.T) {
	n := installed(t)
	n.write("/opt/cni/bin/slow", slow)
	n.run("chmod", "0755", "/opt/cni/bin/slow")
	n.configure(n.own("1.0.0", doc{"logFile": "/run/multus.log", "logLevel": "warning"}))
	n.apply(network("one", 1), definition("slow", `{"cniVersion": "1.0.0", "type": "slow"}`))
	n.apply(pod("twin", "slow"))
	n.until("attaching", func() bool { return strings.Contains(n.traces(), "/sandboxes/") })
	n.kubectl("delete", "pod", "twin", "--force", "--grace-period=0")
	n.start(pod("twin", "one"))
	if list := n.statuses("twin"); len(list) != 2 || list[1].Name != "default/one" {
		t.Errorf("network-status: %+v", list)
	}
	n.until("logged", func() bool {
		out, err := n.try("", "cat", "/run/multus.log")
		return err == nil && strings.Contains(out, "pod gone before its network status was written")
	})
	n.until("alone", func() bool { return strings.Count(n.traces(), "/sandboxes/") == 1 }) // the kubelet itself mixes them up before
	n.truthful("twin", "cbr0", "default/one")
}

// TestSameNameAgain: a name that is used again and again at once never mixes pods up.
func TestSameNameAgain(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	for i, networks := range []string{"one", "two", "one,two", "two"} {
		n.start(pod("again", networks))
		want := []string{"cbr0"}
		for name := range strings.SplitSeq(networks, ",") {
			want = append(want, "default/"+name)
		}
		n.truthful("again", want...)
		if i < 3 {
			n.kubectl("delete", "pod", "again", "--force", "--grace-period=0")
		}
	}
}

// TestStaticPod: the pod of a manifest has another UID than its mirror in the API.
func TestStaticPod(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1))
	n.static(pod("fixed", "one"))
	n.running("fixed-e2e")
	n.truthful("fixed-e2e", "cbr0", "default/one")
	n.told("fixed-e2e", "AddedInterfaces", "net0 [10.60.1.")
	if n.kubectl("get", "pod", "fixed-e2e", "-o", `jsonpath={.metadata.annotations.kubernetes\.io/config\.mirror}`) == n.kubectl("get", "pod", "fixed-e2e", "-o", "jsonpath={.metadata.uid}") {
		t.Error("the mirror has the UID of the pod: this test is about nothing")
	}
}
