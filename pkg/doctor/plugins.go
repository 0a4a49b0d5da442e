package doctor

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/plan"
)

// pluginTime is for one plugin's answer.
const pluginTime = 5 * time.Second

// use is a network that needs a plugin.
type use struct {
	network
	required bool // ADD is bound to fail without
}

// plugins tells whether the plugins that networks name are there, can run, and speak
// the versions of these networks.
func plugins(ctx context.Context, s *survey) []Finding {
	uses := s.uses()
	types := slices.Sorted(maps.Keys(uses))
	if len(types) == 0 {
		return ok("none is named by the networks that are known")
	}
	const atOnce = 4
	found := together(atOnce, types, func(kind string) []Finding { return s.plugin(ctx, kind, uses[kind]) })
	return or(slices.Concat(found...), ok("%s, there and of the versions of their networks: %s", counted(len(types), "plugin", "plugins"), joined(types)))
}

// uses are the plugins of all networks, by type.
func (s *survey) uses() map[string][]use {
	uses := map[string][]use{}
	for _, n := range s.known().networks {
		for _, p := range n.list.Plugins() {
			u := use{n, !n.device}
			uses[p.Type()] = append(uses[p.Type()], u)
			u.required = u.required && plan.ExecutesIPAM(p.Type())
			for _, ipam := range p.IPAM() {
				uses[ipam] = append(uses[ipam], u)
			}
		}
	}
	return uses
}

// plugin is what is wrong with one.
func (s *survey) plugin(ctx context.Context, kind string, uses []use) []Finding {
	level := Warning
	var names []string
	for _, u := range uses {
		if u.required {
			level = Fault
		}
		names = append(names, u.name)
	}
	r := s.runner()
	path, err := r.Find(kind)
	if err != nil {
		return finding(level, "install it there anew, executable, or delete the networks that name it", "%v; needed by %s", err, joined(names))
	}
	ctx, cancel := context.WithTimeout(ctx, pluginTime)
	defer cancel()
	info, err := invoke.GetVersionInfo(ctx, path, r.Exec)
	if err != nil {
		found := finding(level, "install it anew, for "+runtime.GOARCH, "%s %s; needed by %s", path, silence(path, err), joined(names))
		if errors.Is(err, fs.ErrNotExist) {
			return s.inside(found)
		}
		return found
	}
	var older []string
	versions := info.SupportedVersions()
	for _, u := range uses {
		if version := u.list.CNIVersion(); !slices.Contains(versions, version) {
			older = append(older, fmt.Sprintf("%s (%s)", u.name, version))
		}
	}
	if len(older) > 0 {
		return finding(level, "update the plugin, or give the networks a cniVersion that it speaks", "%s speaks CNI %s, and not that of %s", kind, strings.Join(versions, ", "), joined(older))
	}
	return nil
}

// silence tells why a plugin does not answer, where its file says it.
func silence(path string, err error) string {
	if errors.Is(err, fs.ErrNotExist) { // the file is there, and so what it needs is not
		return "needs an interpreter or libraries that are not there"
	}
	if f, elfErr := elf.Open(path); errors.Is(err, unix.ENOEXEC) && elfErr == nil {
		defer f.Close()
		return fmt.Sprintf("is built for %s, and this node is %s", strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_")), runtime.GOARCH)
	}
	return fmt.Sprintf("does not answer: %v", err)
}
