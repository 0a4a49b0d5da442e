package node

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// nameBefore is the configuration's name while there is no default network.
const nameBefore = "multus-before-the-default-network"

// Render is Multus's own configuration for a default network; the zero Found stands
// for none yet. It has the default network's own name, so that the runtime finds
// again what it attached before Multus came. Warnings tell what of it Multus ignores.
func (o Options) Render(primary netconf.Found) (conf []byte, warnings []string, err error) {
	// While there is no default network, STATUS says so of the directory it will be in.
	plugin := rawjson.New(
		rawjson.Member{Key: "type", Value: rawjson.Quote("multus")},
		rawjson.Member{Key: "capabilities", Value: capabilities(primary.List)},
		rawjson.Member{Key: "clusterNetwork", Value: rawjson.Quote(cmp.Or(primary.File, o.primaryDir()))},
	)
	if o.ownAccess() {
		plugin = plugin.With("kubeconfig", rawjson.Quote(o.kubeconfigPath()))
	}
	name := cmp.Or(o.Name, primary.List.Name(), nameBefore)
	list := rawjson.New(
		rawjson.Member{Key: "cniVersion", Value: rawjson.Quote(o.version(primary.List))},
		rawjson.Member{Key: "name", Value: rawjson.Quote(name)},
		rawjson.Member{Key: "disableCheck", Value: json.RawMessage("true")},
		rawjson.Member{Key: "plugins", Value: slices.Concat([]byte("["), plugin.Merge(o.Keys).JSON(), []byte("]"))},
	)
	var out bytes.Buffer
	if err := json.Indent(&out, list.JSON(), "", "  "); err != nil {
		return nil, nil, err
	}
	out.WriteByte('\n')
	parsed, err := o.parse(out.Bytes())
	if err != nil {
		return nil, nil, fmt.Errorf("the configuration for this node: %w", err)
	}
	return out.Bytes(), parsed.Warnings, nil
}

// version is the newest that both sides speak: with less the runtime would not ask
// for STATUS, and with more it would ask for what the default network cannot answer.
func (o Options) version(primary netconf.List) string {
	switch all := netconf.SupportedVersions(); {
	case o.CNIVersion != "":
		return o.CNIVersion
	case primary.IsZero():
		return all[len(all)-1]
	case !netconf.AtLeast(primary.CNIVersion(), "0.3.1"):
		return "0.3.1"
	}
	return primary.CNIVersion()
}

// capabilities are all that a plugin of the default network declares, and that which has
// containerd and CRI-O hand over the pod's annotations.
func capabilities(primary netconf.List) json.RawMessage {
	declared := map[string]bool{"io.kubernetes.cri.pod-annotations": true}
	for _, p := range primary.Plugins() {
		for _, capability := range p.Capabilities() {
			declared[capability] = true
		}
	}
	text, _ := json.Marshal(declared) // sorted
	return text
}
