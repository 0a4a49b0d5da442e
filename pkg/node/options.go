package node

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Options say what is to be on the node. Paths are those of the host: the
// DaemonSet mounts each directory under its own name.
type Options struct {
	ConfDir  string // the runtime's directory of configurations
	BinDirs  []string
	ConfFile string // file name of Multus's own configuration in ConfDir; empty: one that comes first
	// ClusterNetwork is the file name, in ConfDir, of the default network; empty: the
	// first that can be one.
	ClusterNetwork string
	// Early writes a configuration before there is a default network, so that no pod
	// starts without Multus meanwhile.
	Early      bool
	CNIVersion string // of the configuration; empty: the default network's, as far as it is spoken
	Name       string // of the configuration; empty: the default network's own
	// Keys are further keys of the configuration, and win over what is generated.
	Keys rawjson.Object
	// Binary is the multus to be copied; empty: it is somebody else's to put there and
	// to take away.
	Binary string
	// Plugins is a directory whose plugins are copied too; empty: none is.
	Plugins string
	API     API
	// Template is the path of a configuration that is installed as it is, instead of
	// one that is generated.
	Template string
	// PrimaryDir is where the default network's configuration is looked for; empty: ConfDir.
	PrimaryDir string
	// Kubeconfig is where the kubeconfig is written; empty: in a directory of ConfDir.
	Kubeconfig string
	// Repair is what becomes of pods that started without their networks.
	Repair string
	// Taint is the key of a taint that goes from the node when it is ready; empty: none.
	Taint string
	// Poll is the time between two looks where nothing was heard of.
	Poll time.Duration
}

// API says how Multus reaches the API server. The zero value: it does not.
type API struct {
	Server string // https://host:port
	// Account is the directory of the projected service account: token and ca.crt.
	Account string
	// TokenLifetime is for how long a token for the plugin is asked for.
	TokenLifetime time.Duration
	// NodeName is this node's name; empty: what the projected token says.
	NodeName string
	// Namespace and DaemonSet are those that the installer runs in; an empty DaemonSet
	// is never asked for.
	Namespace, DaemonSet string
}

// Values of Options.Repair.
const (
	RepairOff    = "off"
	RepairEvent  = "event"
	RepairDelete = "delete"
)

// Check tells what is wrong with the options.
func (o Options) Check() error {
	const absolute, name = "an absolute path", "a file name, without a path,"
	relative := func(path string) bool { return path != "" && !filepath.IsAbs(path) }
	generated := o.Template == "" && o.ConfFile != ""
	var faults fault.List
	for _, rule := range []struct {
		broken               bool
		key, value, expected string
	}{
		{!filepath.IsAbs(o.ConfDir), "cni-conf-dir", o.ConfDir, absolute},
		{slices.ContainsFunc(o.BinDirs, relative), "cni-bin-dir", strings.Join(o.BinDirs, ", "), absolute},
		{relative(o.PrimaryDir), "multus-autoconfig-dir", o.PrimaryDir, absolute},
		{relative(o.Kubeconfig), "multus-kubeconfig-file-host", o.Kubeconfig, absolute},
		// Runtimes take no list from another file.
		{strings.Contains(o.ConfFile, "/") || generated && filepath.Ext(o.ConfFile) != ".conflist", "multus-conf-file", o.ConfFile, name + " that ends in .conflist,"},
		{strings.Contains(o.ClusterNetwork, "/"), "multus-master-cni-file-name", o.ClusterNetwork, name},
		{!slices.Contains([]string{"", RepairOff, RepairEvent, RepairDelete}, o.Repair), "repair", o.Repair, "off, event or delete"},
		{o.Poll <= 0, "poll", o.Poll.String(), "more than zero"},
		{o.API.TokenLifetime < 0, "token-lifetime", o.API.TokenLifetime.String(), "more than zero"},
	} {
		if rule.broken {
			faults.Add(fault.Fault{Key: rule.key, What: fault.Quote(rule.value) + ": " + rule.expected + " is expected"})
		}
	}
	return faults.Err()
}
