package manifest

import (
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// Unknown is the plugin of a network that is not among the files: the cluster or
// the node may have it.
const Unknown = "unknown"

// Config is the Multus configuration of the files. Without one it is the default
// configuration, with a default network that is not known.
func (o *Objects) Config() (config.Config, error) {
	if raw, given := o.Conf(); given {
		return config.Parse(raw)
	}
	conf := config.Default()
	conf.ClusterNetwork, conf.Kubeconfig = "default-network", "/unknown"
	conf.LegacyNetworks = len(o.known[plan.KindNetwork]) > 0
	return conf, nil
}

// Planner plans the pods of the files as their node would, on any machine: what the
// node or the cluster alone has is there as a network with the plugin Unknown, and as
// placeholders of devices.
func (o *Objects) Planner(conf config.Config) plan.Planner {
	conf.AuxiliaryChain = ""
	networks := append([]string{conf.ClusterNetwork}, conf.DefaultNetworks...)
	for i, network := range networks {
		networks[i] = named(network)
	}
	if conf.ClusterNetwork, conf.DefaultNetworks = networks[0], networks[1:]; conf.Kubeconfig != "" {
		return plan.Planner{Conf: conf, Definitions: Lookup(o.standIn), Assumed: Unknown}
	}
	// Nothing can be looked up: the networks are files of the node.
	for _, network := range networks {
		if list, _, err := netconf.Parse([]byte(StandIn("").Config), network); err == nil {
			conf.Delegates = append(conf.Delegates, config.Delegate{List: list})
		}
	}
	conf.ClusterNetwork, conf.DefaultNetworks = "", nil
	return plan.Planner{Conf: conf}
}

// named is a network by a name where a path has it, so that this machine's file of
// that path is not taken for the node's.
func named(network string) string {
	if !strings.Contains(network, "/") {
		return network
	}
	base := strings.ToLower(filepath.Base(network))
	if name.Object(base) != nil {
		return Unknown
	}
	return base
}

// StandIn is a network that is not known. It can do all that a pod can ask for.
func StandIn(resource string) plan.Definition {
	const config = `{"cniVersion": "1.1.0", "type": "` + Unknown + `", "capabilities": ` +
		`{"ips": true, "mac": true, "portMappings": true, "bandwidth": true, "infinibandGUID": true, "deviceID": true}}`
	return plan.Definition{Config: config, Resource: resource}
}

// standIn is a definition of the files, or what stands for one that is not there.
func (o *Objects) standIn(kind string, ref plan.Ref) plan.Answer {
	answer := o.Find(kind, ref)
	if answer.Err != nil || answer.Definition.Config == "" {
		return plan.Answer{Definition: StandIn(answer.Definition.Resource)}
	}
	return answer
}
