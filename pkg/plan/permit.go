package plan

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// self is what Multus is called besides what its configuration calls it.
const self = "multus"

// permit tells whether a network's plugins may run here, and can.
func (d *draft) permit(s source, n network) error {
	var all faults
	looked := make(map[string]error)
	for _, plugin := range n.list.Plugins() {
		for _, binary := range plugin.Runs() {
			all.add(d.permitPlugin(s, binary))
			err, again := looked[binary]
			if !again {
				err = d.find(binary)
			}
			// An IPAM plugin is its plugin's to find, in places of its own as well.
			if binary == plugin.Type() || errors.Is(err, ErrSelf) {
				all.add(err)
				err = nil // once is enough
			}
			looked[binary] = err
		}
	}
	return all.err()
}

// find looks for a plugin's binary, where there is somewhere to look.
func (d *draft) find(binary string) error {
	if d.planner.Find == nil {
		return nil
	}
	_, err := d.planner.Find(binary)
	if err == nil || errors.Is(err, ErrSelf) {
		return err
	}
	return fmt.Errorf("%w; install it, or correct the type", err)
}

// permitPlugin keeps Multus from running itself, and NADs and files from running
// what the node's configuration does not allow.
func (d *draft) permitPlugin(s source, binary string) error {
	conf := d.planner.Conf
	if name := filepath.Base(binary); name == self || name == conf.Type {
		return fmt.Errorf("its plugin is %s: Multus would run itself without end; use another plugin", quote(binary))
	}
	// Of the type itself this is known; an IPAM plugin is searched for by the
	// network's own plugin, and not all that do so look for a way out.
	if strings.ContainsAny(binary, "/\\\x00") || binary == "." || binary == ".." {
		return fmt.Errorf("plugin %s: the bare name of a plugin's binary is expected, without a path", quote(binary))
	}
	trusted := s.origin == inline || s.origin == path
	if trusted || len(conf.AllowedPlugins) == 0 || slices.Contains(conf.AllowedPlugins, binary) {
		return nil
	}
	return fmt.Errorf("plugin %s is not among allowedPlugins (%s); use one of these, or add it to the configuration", quote(binary), strings.Join(conf.AllowedPlugins, ", "))
}
