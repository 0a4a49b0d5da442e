package node

import (
	"debug/buildinfo"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

// runsMultus tells whether a configuration runs Multus: by its type, which begins so
// with every version, or because the plugin's binary is Multus under another name. The
// plugin itself, which has no time to look at binaries, goes by the type alone.
func (o Options) runsMultus(list netconf.List) bool {
	return slices.ContainsFunc(list.Plugins(), func(p netconf.Plugin) bool {
		builtAsMultus := func(dir string) bool { return isBuiltAsMultus(filepath.Join(dir, p.Type())) }
		return strings.HasPrefix(p.Type(), "multus") || slices.ContainsFunc(o.BinDirs, builtAsMultus)
	})
}

// isBuiltAsMultus tells a binary by the package that it was built from.
func isBuiltAsMultus(file string) bool {
	info, err := buildinfo.ReadFile(file)
	return err == nil && strings.HasPrefix(path.Base(info.Path), "multus")
}
