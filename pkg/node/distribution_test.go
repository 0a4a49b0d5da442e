package node_test

import (
	"os"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/node"
)

func TestDetect(t *testing.T) {
	for dir, want := range map[string]string{
		"/etc/cni/net.d": "kubeadm",
		"/var/lib/rancher/k3s/agent/etc/cni/net.d":    "k3s",
		"/var/snap/microk8s/current/args/cni-network": "microk8s",
		"/etc/kubernetes/cni/net.d":                   "openshift",
		"/home/kubernetes/bin":                        "gke",
		"/var/lib/k0s/kubelet":                        "k0s",
	} {
		root := t.TempDir()
		cnitest.Must(t, os.MkdirAll(root+dir, 0o755))
		if got := node.Detect(root); got != want {
			t.Errorf("with %s: %s, want %s", dir, got, want)
		}
	}
}

func TestPresetOfOlderK3s(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"/var/lib/rancher/k3s/data/current/bin", "/var/lib/rancher/k3s/data/cni"} {
		cnitest.Must(t, os.MkdirAll(root+dir, 0o755))
		if got, known := node.Preset("k3s", root); got.Bin != dir || !known {
			t.Errorf("%+v, want %s", got, dir)
		}
	}
}
