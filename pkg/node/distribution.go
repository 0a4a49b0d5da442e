package node

import (
	"maps"
	"slices"

	"github.com/multus-cni/multus/pkg/regular"
)

// Dirs are where a distribution of Kubernetes has the directories of its nodes.
type Dirs struct {
	Conf, Bin string
	// Kubelet is the kubelet's root; empty: the usual one.
	Kubelet string
}

// usual are the directories of most.
const (
	usualConf = "/etc/cni/net.d"
	usualBin  = "/opt/cni/bin"
)

// Distributions are the presets by name.
func Distributions() map[string]Dirs {
	usual := Dirs{usualConf, usualBin, ""}
	return map[string]Dirs{
		"kubeadm":   usual,
		"rke2":      usual,
		"talos":     usual,
		"minikube":  usual,
		"k0s":       {usualConf, usualBin, "/var/lib/k0s/kubelet"},
		"k3s":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni", ""},
		"k3d":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/bin", ""},
		"microk8s":  {"/var/snap/microk8s/current/args/cni-network", "/var/snap/microk8s/current/opt/cni/bin", "/var/snap/microk8s/common/var/lib/kubelet"},
		"openshift": {"/etc/kubernetes/cni/net.d", "/var/lib/cni/bin", ""},
		"gke":       {usualConf, "/home/kubernetes/bin", ""},
	}
}

// olderK3sBin is where k3s had its plugins until late in 2024.
const olderK3sBin = "/var/lib/rancher/k3s/data/current/bin"

// Preset are the directories of a distribution, where one has several the one that
// exists below root, "/" on a node.
func Preset(distribution, root string) (dirs Dirs, known bool) {
	dirs, known = Distributions()[distribution]
	if distribution == "k3s" && !regular.Exists(root+dirs.Bin) && regular.Exists(root+olderK3sBin) {
		dirs.Bin = olderK3sBin
	}
	return dirs, known
}

// Detect tells the distribution by the directories that exist below root, "/" on a
// node: the special ones first, kubeadm where none of them is there.
func Detect(root string) string {
	all := Distributions()
	for _, distribution := range slices.Sorted(maps.Keys(all)) {
		d := all[distribution]
		for _, dir := range []string{d.Conf, d.Bin, d.Kubelet} {
			usual := dir == usualConf || dir == usualBin || dir == "" || distribution == "k3d"
			if !usual && regular.Exists(root+dir) {
				return distribution
			}
		}
	}
	return "kubeadm"
}
