package plan

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
)

// Binaries finds the binaries of plugins. The real one is delegate.Runner.
type Binaries interface {
	// Find is the path of the binary; its error names the type, and says whether the
	// file is missing or is not executable.
	Find(pluginType string) (path string, err error)
}

// binaries are the plugin types that a network needs; true: ADD is bound to fail
// without. An IPAM plugin is its plugin's to find, and some have one of their own:
// it is required where the plugin is known to execute it.
func (n network) binaries() map[string]bool {
	required := make(map[string]bool)
	for _, plugin := range n.list.Plugins() {
		required[plugin.Type()] = true
		for _, ipam := range plugin.IPAM() {
			required[ipam] = required[ipam] || ExecutesIPAM(plugin.Type())
		}
	}
	return required
}

// ExecutesIPAM tells the plugins that are known to execute their IPAM plugin: it has to
// be there. Others may have one of their own.
func ExecutesIPAM(plugin string) bool {
	return slices.Contains([]string{"bridge", "macvlan", "ipvlan", "ptp", "vlan", "host-device", "tap", "dummy"}, plugin)
}

// checkPlugins tells whether a network's plugins may run here, and can.
func (d *draft) checkPlugins(w wanted, n network) error {
	var faults fault.List
	required := n.binaries()
	for _, plugin := range slices.Sorted(maps.Keys(required)) {
		if err := d.checkAllowed(w.source, plugin); err != nil {
			faults.Add(err)
			continue
		}
		if d.planner.Binaries == nil {
			continue
		}
		path, err := d.planner.Binaries.Find(plugin)
		switch {
		case err != nil && required[plugin]:
			faults.Addf("%w; install it, or correct the type", err)
		case err != nil:
			d.warn(w.String(), "IPAM plugin "+err.Error()+"; install it, or correct the type")
		case isSelf(path):
			faults.Addf("plugin %s is multus itself (%s), which would run itself without end; use another plugin", fault.Quote(plugin), path)
		}
	}
	return faults.Err()
}

// isSelf tells whether a plugin's binary is Multus itself, under whatever name.
func isSelf(path string) bool {
	found, gone := os.Stat(path)
	own, unknown := os.Stat("/proc/self/exe")
	return gone == nil && unknown == nil && os.SameFile(own, found)
}

// checkAllowed keeps Multus from running itself, and NADs and files from running
// what the node's configuration does not allow.
func (d *draft) checkAllowed(s source, plugin string) error {
	conf := d.planner.Conf
	if name.Self(plugin, conf.Type) {
		return fmt.Errorf("its plugin is %s: Multus would run itself without end; use another plugin", fault.Quote(plugin))
	}
	// Of a type this is known; not every plugin checks where its IPAM plugin is.
	if err := name.Plugin(plugin); err != nil {
		return fmt.Errorf("plugin %w", err)
	}
	trusted := s.origin == inline || s.origin == path
	if trusted || plugin == d.planner.Assumed || len(conf.AllowedPlugins) == 0 || slices.Contains(conf.AllowedPlugins, plugin) {
		return nil
	}
	return fmt.Errorf("plugin %s is not among allowedPlugins (%s); use one of these, or add it to the configuration", fault.Quote(plugin), strings.Join(conf.AllowedPlugins, ", "))
}
