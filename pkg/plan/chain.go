package plan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

// addChain wants the auxiliary chain too, after all else, from the first directory
// that has one.
func (d *draft) addChain() {
	name := d.planner.Conf.AuxiliaryChain
	if name == "" {
		return
	}
	w := wanted{source: source{origin: chain, name: name}, key: "auxiliaryCNIChainName"}
	for _, parent := range d.chainParents() {
		dir := filepath.Join(parent, name)
		found, err := netconf.Chain(dir, name, d.planner.Conf.CNIVersion)
		if errors.Is(err, netconf.ErrNoPlugins) {
			continue
		}
		d.warn(w.String(), found.Warnings...)
		n := network{list: found.List, title: found.List.Name(), from: "directory " + dir}
		if err == nil {
			err = d.checkPlugins(w, n)
		}
		if err != nil {
			d.fault(w, err)
			return
		}
		d.networks[w.source] = n
		d.wanted = append(d.wanted, w)
		return
	}
}

// chainParents are where the chain's directory can be: beside the cluster network's
// file, which for a network found by its name is the directory of networks on disk.
// The same for every pod, whatever default network the pod itself asks for.
func (d *draft) chainParents() []string {
	conf := d.planner.Conf
	if !strings.Contains(conf.ClusterNetwork, "/") {
		return conf.ConfDir
	}
	beside := conf.ClusterNetwork
	if info, err := os.Stat(beside); err != nil || !info.IsDir() {
		beside = filepath.Dir(beside)
	}
	return append([]string{beside}, conf.ConfDir...)
}
