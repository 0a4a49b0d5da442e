package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// static puts a pod in the kubelet's manifest directory, one that there never was: its
// UID is made from what it consists of, and the kubelet mixes up pods of one UID.
func (n node) static(p doc) {
	n.t.Helper()
	delete(p["spec"].(doc), "nodeName")
	metadata(p)["labels"] = doc{"made": fmt.Sprint(time.Now().UnixNano())}
	data, err := json.Marshal(p)
	n.must(err)
	n.write("/etc/kubernetes/manifests/"+p["metadata"].(doc)["name"].(string)+".json", string(data))
}

// TestRestarts: what the kubelet and containerd do when they come back, with pods
// running, takes nothing away and leaves nothing behind.
func TestRestarts(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1), network("two", 2))
	n.start(pod("first", "one,two"), pod("second", "one"))
	before := n.traces()
	for _, part := range []string{"containerd", "kubelet", "kube-apiserver"} {
		n.kill(part)
		n.until("back", func() bool {
			_, err := n.try("", "kubectl", "exec", "first", "--", "true")
			return err == nil
		})
		n.truthful("first", "cbr0", "default/one", "default/two")
	}
	if after := n.traces(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// TestDeletedMeanwhile: pods that are deleted while the kubelet or containerd is away.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"kubelet", "containerd"} {
		t.Run(part, func(t *testing.T) {
			n := installed(t)
			n.apply(network("one", 1))
			n.start(pod("first", "one"), pod("second", "one"))
			n.hold(part)
			n.kubectl("delete", "pod", "first", "--wait=false")
			n.kubectl("delete", "pod", "second", "--force", "--grace-period=0")
			n.release(part)
			n.clean()
		})
	}
}

// TestDeletedWithoutAPIServer: a pod whose last seconds outlast the API server is
// torn down all the same, and so is a static one.
func TestDeletedWithoutAPIServer(t *testing.T) {
	n := installed(t)
	n.apply(network("one", 1))
	stubborn := pod("stubborn", "one")
	spec := stubborn["spec"].(doc)
	spec["terminationGracePeriodSeconds"] = 6
	spec["containers"].([]doc)[0]["command"] = []string{"sleep", "3600"}
	n.static(pod("fixed", "one"))
	n.apply(stubborn)
	n.running("fixed-e2e", "stubborn")
	n.kubectl("delete", "pod", "stubborn", "--wait=false")
	time.Sleep(time.Second) // the kubelet hears of it
	n.hold("kube-apiserver")
	n.run("sh", "-c", "rm /etc/kubernetes/manifests/*")
	if n.traces() == "" {
		t.Fatal("the pods were gone too early: this test is about nothing")
	}
	n.clean()
	n.release("kube-apiserver")
	n.until("back", func() bool { _, err := n.try("", "kubectl", "get", "--raw", "/readyz"); return err == nil })
}
