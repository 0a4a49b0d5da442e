package node

import (
	"maps"
	"os"
	"slices"
)

// Dirs are where a distribution of Kubernetes has the directories of its nodes.
type Dirs struct {
	Conf, Bin string
	// Kubelet is the kubelet's root; empty: the usual one.
	Kubelet string
}

// Distributions are the presets by name.
func Distributions() map[string]Dirs {
	usual := usualDirs()
	return map[string]Dirs{
		"kubeadm":   usual,
		"rke2":      usual,
		"talos":     usual,
		"minikube":  usual,
		"k0s":       {usual.Conf, usual.Bin, "/var/lib/k0s/kubelet"},
		"k3s":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni", ""},
		"k3d":       {"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/bin", ""},
		"microk8s":  {"/var/snap/microk8s/current/args/cni-network", "/var/snap/microk8s/current/opt/cni/bin", "/var/snap/microk8s/common/var/lib/kubelet"},
		"openshift": {"/etc/kubernetes/cni/net.d", "/var/lib/cni/bin", ""},
		"gke":       {usual.Conf, "/home/kubernetes/bin", ""},
	}
}

func usualDirs() Dirs { return Dirs{Conf: "/etc/cni/net.d", Bin: "/opt/cni/bin"} }

// olderK3sBin is where k3s had its plugins until late in 2024.
const olderK3sBin = "/var/lib/rancher/k3s/data/current/bin"

// Preset are the directories of a distribution, where one has several the one that
// exists below root, "/" on a node.
func Preset(distribution, root string) (dirs Dirs, known bool) {
	dirs, known = Distributions()[distribution]
	if distribution == "k3s" && !isDir(root+dirs.Bin) && isDir(root+olderK3sBin) {
		dirs.Bin = olderK3sBin
	}
	return dirs, known
}

// Detect tells the distribution by the directories that exist below root, "/" on a
// node: the special ones first, kubeadm where none of them is there.
func Detect(root string) string {
	all := Distributions()
	for _, distribution := range slices.Sorted(maps.Keys(all)) {
		if special := all[distribution].special(); special != "" && isDir(root+special) && distribution != "k3d" {
			return distribution
		}
	}
	return "kubeadm"
}

// special is a directory that no other distribution has; empty where there is none.
func (d Dirs) special() string {
	switch usual := usualDirs(); {
	case d.Conf != usual.Conf:
		return d.Conf
	case d.Bin != usual.Bin:
		return d.Bin
	}
	return d.Kubelet
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
