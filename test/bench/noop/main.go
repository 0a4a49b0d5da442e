// Noop is a CNI plugin that answers at once and does nothing, made as plugins
// are made: it is the yardstick for what a delegate costs at least.
package main

import (
	"encoding/json"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
)

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Check: nothing, Del: nothing, GC: nothing, Status: nothing},
		version.All, "noop: a plugin that does nothing")
}

func nothing(*skel.CmdArgs) error { return nil }

// add reads its configuration, as every plugin does, and tells of one interface.
func add(args *skel.CmdArgs) error {
	var conf types.NetConf
	if err := json.Unmarshal(args.StdinData, &conf); err != nil {
		return err
	}
	result := &current.Result{
		CNIVersion: current.ImplementedSpecVersion,
		Interfaces: []*current.Interface{{Name: args.IfName, Mac: "02:00:00:00:00:01", Sandbox: args.Netns}},
	}
	return types.PrintResult(result, conf.CNIVersion)
}
