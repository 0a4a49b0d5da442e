package node

import (
	"debug/buildinfo"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
)

// runsMultus tells whether a configuration runs Multus: by its type, which begins so
// with every version, or because the plugin's binary is Multus under another name.
func (o Options) runsMultus(list netconf.List) bool {
	return slices.ContainsFunc(list.Plugins(), func(p netconf.Plugin) bool {
		return strings.HasPrefix(filepath.Base(p.Type()), "multus") || o.isMultus(p.Type())
	})
}

// isMultus looks at a plugin's binary. The plugin itself, which has no time for that,
// looks at its type alone.
func (o Options) isMultus(plugin string) bool {
	for _, dir := range o.BinDirs {
		file := filepath.Join(dir, filepath.Base(plugin))
		if sameFile(filepath.Join(dir, "multus"), file) || isBuiltAsMultus(file) {
			return true
		}
	}
	return false
}

func sameFile(one, other string) bool {
	a, errOne := os.Stat(one)
	b, errOther := os.Stat(other)
	switch {
	case errOne != nil || errOther != nil:
		return false
	case os.SameFile(a, b):
		return true
	case a.Size() != b.Size():
		return false
	}
	same, err := sameContent(one, other)
	return err == nil && same
}

// isBuiltAsMultus tells a binary by the package that it was built from.
func isBuiltAsMultus(file string) bool {
	info, err := buildinfo.ReadFile(file)
	return err == nil && strings.HasPrefix(path.Base(info.Path), "multus")
}
