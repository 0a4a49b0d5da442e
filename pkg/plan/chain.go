package plan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
)

// addChain wants the auxiliary chain too, after all else, where there is one.
func (d *draft) addChain() {
	name := d.planner.Conf.AuxiliaryChain
	if name == "" {
		return
	}
	w := wanted{source: source{origin: chain, name: name}, key: "auxiliaryCNIChainName"}
	n, err := d.chain(name)
	if errors.Is(err, netconf.ErrNoPlugins) {
		return
	}
	if err == nil {
		err = d.checkPlugins(w, n)
	}
	if err != nil {
		d.fault(w, err)
		return
	}
	d.networks[w.source] = n
	d.wanted = append(d.wanted, w)
}

// chain reads the chain from the first folder that has one.
func (d *draft) chain(name string) (network, error) {
	for _, parent := range d.chainParents() {
		folder := filepath.Join(parent, name)
		found, err := netconf.Chain(folder, name, d.planner.Conf.CNIVersion)
		if errors.Is(err, netconf.ErrNoPlugins) {
			continue
		}
		d.warn("auxiliaryCNIChainName "+fault.Quote(name), found.Warnings...)
		return network{list: found.List, title: found.List.Name(), origin: "folder " + folder, object: "a file in " + folder}, err
	}
	return network{}, netconf.ErrNoPlugins
}

// chainParents are where the chain's folder can be: beside the cluster network's
// file, which for a network found by its name is the folder of networks on disk.
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
