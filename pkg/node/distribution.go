package node

import (
	"maps"
	"os"
	"slices"
)

// Dirs are where a distribution of Kubernetes has the directories of its nodes.
type Dirs struct{ Conf, Bin string }

// Distributions are the presets by name.
func Distributions() map[string]Dirs {
	usual := Dirs{"/etc/cni/net.d", "/opt/cni/bin"}
	return map[string]Dirs{
		"kubeadm":   usual,
		"rke2":      usual,
		"k0s":       usual,
		"talos":     usual,
		"minikube":  usual,
		"k3s":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni"},
		"k3d":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/bin"},
		"microk8s":  {"/var/snap/microk8s/current/args/cni-network", "/var/snap/microk8s/current/opt/cni/bin"},
		"openshift": {"/etc/kubernetes/cni/net.d", "/var/lib/cni/bin"},
		"gke":       {"/etc/cni/net.d", "/home/kubernetes/bin"},
	}
}

// Detect tells the distribution by the directories that exist below root, "/" on a
// node: the special ones first, kubeadm where none of them is there.
func Detect(root string) string {
	all := Distributions()
	for _, distribution := range slices.Sorted(maps.Keys(all)) {
		dirs := all[distribution]
		if dirs == all["kubeadm"] {
			continue
		}
		special := dirs.Conf
		if special == all["kubeadm"].Conf {
			special = dirs.Bin
		}
		if info, err := os.Stat(root + special); err == nil && info.IsDir() && distribution != "k3d" {
			return distribution
		}
	}
	return "kubeadm"
}
