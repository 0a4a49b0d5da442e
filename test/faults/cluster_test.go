package faults_test

import (
	"encoding/json"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// cluster gives the node an API server.
func (n *node) cluster() *cnitest.APIServer {
	n.t.Helper()
	api, err := cnitest.StartAPIServer("")
	n.must(err)
	n.t.Cleanup(api.Close)
	n.must(api.WriteKubeconfig(n.path("kubeconfig"), map[string]string{}))
	n.set("kubeconfig", n.path("kubeconfig"))
	n.api = api
	return api
}

// pod puts the pod that all sandboxes here are of into the cluster.
func (n *node) pod(networks string) {
	n.t.Helper()
	n.put(doc{"kind": "Pod", "metadata": doc{"namespace": "ns1", "name": "p1", "uid": "uid-1",
		"annotations": doc{"k8s.v1.cni.cncf.io/networks": networks}}})
}

// nad puts a NetworkAttachmentDefinition into the pod's namespace.
func (n *node) nad(name string, config any) {
	n.t.Helper()
	text, err := json.Marshal(config)
	n.must(err)
	n.put(doc{"kind": "NetworkAttachmentDefinition", "metadata": doc{"namespace": "ns1", "name": name}, "spec": doc{"config": string(text)}})
}

func (n *node) put(object any) {
	n.t.Helper()
	data, err := json.Marshal(object)
	n.must(err)
	n.must(n.api.Put(data))
}

// status is the pod's network-status annotation.
func (n *node) status() string {
	return n.api.Annotations("ns1", "p1")["k8s.v1.cni.cncf.io/network-status"]
}
