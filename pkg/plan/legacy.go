package plan

import (
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// legacyNetworks are the networks of a pod that selects the older
// kubernetes.com/v1 Network objects. They are all of the pod's networks, whatever
// default network the configuration has; the first is the master.
func (d *draft) legacyNetworks() (networks []wanted, chosen bool) {
	if !d.planner.Conf.LegacyNetworks || d.pod.IsZero() || strings.TrimSpace(d.pod.Annotations[LegacyNetworksKey]) == "" {
		return nil, false
	}
	for _, other := range []string{NetworksKey, DefaultNetworkKey} {
		if strings.TrimSpace(d.pod.Annotations[other]) != "" {
			d.faults.Add(fault.About("pod "+d.pod.String(), fmt.Errorf("has both annotations, %s and %s; keep one", LegacyNetworksKey, other)))
		}
	}
	networks = d.podNetworks(LegacyNetworksKey)
	if chosen = len(networks) > 0 || d.faults.Len() > 0; chosen {
		d.kind = KindNetwork
	}
	return networks, chosen
}

// LegacyConfig is the network configuration that an older kubernetes.com/v1
// Network object describes: plugin is the type, args a JSON object with the rest
// of the configuration, or a list of one such object. Numbers, order and spelling
// reach the plugin as they were written.
func LegacyConfig(plugin, args string) (string, error) {
	if err := name.Plugin(plugin); err != nil {
		return "", fault.Under("plugin", err)
	}
	conf, err := legacyArgs(args)
	if err != nil {
		return "", fault.Under("args", err)
	}
	given, typed := conf.Value("type")
	if !typed {
		conf = rawjson.New(rawjson.Member{Key: "type", Value: rawjson.Quote(plugin)}).Merge(conf)
	} else if kind, _ := rawjson.Text(given); kind != plugin {
		return "", fmt.Errorf("args: type %s contradicts plugin %q; leave the type out", rawjson.Shown(given), plugin)
	}
	return string(conf.JSON()), nil
}

// legacyArgs is the one configuration in args.
func legacyArgs(args string) (rawjson.Object, error) {
	switch text := strings.TrimSpace(args); {
	case text == "":
		return rawjson.Object{}, nil
	case text[0] != '[':
		return rawjson.Parse([]byte(args))
	}
	list, err := rawjson.ParseList([]byte(args))
	if err != nil {
		return rawjson.Object{}, err
	}
	if len(list) != 1 {
		return rawjson.Object{}, fmt.Errorf("a list of %d configurations, where one is expected", len(list))
	}
	return rawjson.Nested(list[0])
}
