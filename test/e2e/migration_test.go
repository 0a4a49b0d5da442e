package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// older puts on the cluster what an older multus consists of, with a program that does
// nothing in its place, and on the node the configuration that it left.
func (n node) older() {
	n.t.Helper()
	meta := func(name string) doc { return doc{"name": name, "namespace": "kube-system"} }
	labels := doc{"app": "multus", "name": "multus", "tier": "node"}
	n.apply(
		doc{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("multus")},
		doc{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": doc{"name": "multus"}, "rules": []doc{
			{"apiGroups": []string{"k8s.cni.cncf.io"}, "resources": []string{"*"}, "verbs": []string{"*"}},
			{"apiGroups": []string{""}, "resources": []string{"pods", "pods/status"}, "verbs": []string{"get", "list", "watch", "update"}}}},
		doc{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": doc{"name": "multus"},
			"roleRef":  doc{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "multus"},
			"subjects": []doc{{"kind": "ServiceAccount", "name": "multus", "namespace": "kube-system"}}},
		doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("multus-daemon-config"), "data": doc{"daemon-config.json": "{}"}},
		doc{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta("kube-multus-ds"), "spec": doc{
			"selector": doc{"matchLabels": doc{"name": "multus"}},
			"template": doc{"metadata": doc{"labels": labels}, "spec": doc{"hostNetwork": true, "serviceAccountName": "multus",
				"terminationGracePeriodSeconds": 1, "tolerations": []doc{{"operator": "Exists"}},
				"containers": []doc{{"name": "kube-multus", "image": "registry.k8s.io/pause:3.10", "imagePullPolicy": "Never"}}}}}})
	n.write("/etc/cni/net.d/00-multus.conf", `{"cniVersion": "0.3.1", "name": "multus-cni-network", "type": "multus-shim", "socketDir": "/host/run/multus/"}`)
}

// attachedByOlder is the record that v4 would have of a pod that has the default network.
func (n node) attachedByOlder() string {
	n.t.Helper()
	path := strings.TrimSpace(n.run("sh", "-c", "ls /var/lib/cni/results/cbr0-*-eth0"))
	id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "cbr0-"), "-eth0")
	data, err := json.Marshal([]doc{{
		"Conf": doc{"cniVersion": "", "name": ""}, "ConfList": doc{"name": "", "plugins": nil}, "ConfListPlugin": true,
		"Bytes": base64.StdEncoding.EncodeToString([]byte(n.run("cat", defaultConf))), "Name": "cbr0", "ifnameRequest": "eth0", "MasterPlugin": true,
	}})
	n.must(err)
	n.write("/var/lib/cni/multus/"+id, string(data))
	n.run("sh", "-c", `mkdir -p /var/lib/cni/multus/results && cp "$0" /var/lib/cni/multus/results/`, path)
	return "/var/lib/cni/multus/" + id
}

// TestMigration: docs/migration.md, by its own commands, with a pod that runs meanwhile.
func TestMigration(t *testing.T) {
	t.Parallel() // a node of its own, and much of its time is waiting
	n := fleet(t)
	n.kubectl("apply", "-f", "deployments/base/crd")
	n.apply(network("one", 1))
	n.start(pod("old", ""))
	record := n.attachedByOlder()
	n.older()
	n.kubectl("-n", "kube-system", "rollout", "status", "daemonset/kube-multus-ds", "--timeout=90s")

	data, err := os.ReadFile(filepath.Join(root, "docs", "migration.md"))
	n.must(err)
	_, section, _ := strings.Cut(string(data), "\n## Step by step\n")
	section, _, _ = strings.Cut(section, "\n## ")
	steps := strings.Split(section, "```")
	if len(steps) != 9 {
		t.Fatalf("%d blocks of commands, not 4", len(steps)/2)
	}
	for i := 1; i < len(steps); i += 2 {
		n.run("sh", "-ec", unindent(steps[i]))
	}

	if conf := n.conf(); conf.Name != "cbr0" || conf.Plugins[0].ClusterNetwork != defaultConf {
		t.Errorf("the configuration is %+v", conf)
	}
	if _, err := n.try("", "test", "-e", "/etc/cni/net.d/00-multus.conf"); err == nil {
		t.Error("the older configuration is there still")
	}
	n.until("without the older one", func() bool {
		left := n.kubectl("-n", "kube-system", "get", "daemonsets,configmaps,pods", "-o", "name")
		return !strings.Contains(left, "kube-multus-ds") && !strings.Contains(left, "multus-daemon-config")
	})
	n.kubectl("get", "nad", "one")
	n.start(pod("new", "one"))
	n.truthful("new", "cbr0", "default/one")
	n.removePods()
	if _, err := n.try("", "test", "-e", record); err == nil {
		t.Error("the older record is there still")
	}
	n.clean()
}
