package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/regular"
)

const installFirst = "put multus on this node first: apply the DaemonSet, or run `multus install`; see docs/node.md"

// configuration tells whether multus's configuration is there, comes first and is right.
func configuration(_ context.Context, s *survey) []Finding {
	if s.file == "" {
		return append(s.absent(), s.before()...)
	}
	found := s.before()
	for _, f := range s.files {
		if isMultus(f) && f.path != s.file {
			found = append(found, warning("remove the one that is not meant; are there two multus DaemonSets?", "%s: another configuration of multus beside %s", f.path, s.file)...)
		}
	}
	for _, f := range s.wrong {
		level, cure := Fault, cmp.Or(f.Cure, "correct it")
		if f.Warning {
			level = Warning
		}
		f.Cure = ""
		found = append(found, finding(level, cure, "%v", f.Fault)...)
	}
	if s.runtime.Network != "" && s.conf.Name != "" && s.runtime.Network != s.conf.Name {
		found = append(found, faulty("remove cni_default_network from it and restart CRI-O",
			"%s: cni_default_network is %q: CRI-O takes that network, not multus's, %q", s.runtime.File, s.runtime.Network, s.conf.Name)...)
	}
	if !s.inPlace() {
		return or(found, ok("%s is valid; it is not in %s, which the runtime reads", s.file, s.confDir))
	}
	return or(found, ok("%s is valid, and first in %s", filepath.Base(s.file), s.confDir))
}

// inPlace tells whether the configuration is where the runtime reads, and none that was
// given by hand.
func (s *survey) inPlace() bool { return sameDir(filepath.Dir(s.file), s.confDir) }

// absent tells why there is no configuration of multus.
func (s *survey) absent() []Finding {
	away, _ := filepath.Glob(filepath.Join(s.confDir, "*multus*.cilium_bak")) // the directory's name is no pattern
	switch info, err := os.Stat(s.confDir); {
	case len(away) > 0:
		return faulty("set cni.exclusive=false in Cilium's Helm values", "Cilium has taken multus's configuration away: %s", away[0])
	case errors.Is(err, os.ErrNotExist):
		return faulty(installFirst+". On a node with other directories name them with --cni-conf-dir and --cni-bin-dir",
			"multus is not on this machine, nor is there a directory %s: no node of Kubernetes?", s.confDir)
	case err != nil || !info.IsDir() || s.filesErr != nil:
		return faulty("run multus doctor as root, or name the directory with --cni-conf-dir", "%s cannot be read: %v", s.confDir, errors.Join(err, s.filesErr))
	}
	return faulty(installFirst, "no configuration of multus in %s: pods start without it", s.confDir)
}

// before are files that the runtime reads before multus's own, all of them where there
// is none.
func (s *survey) before() []Finding {
	var found []Finding
	if s.file != "" && !s.inPlace() {
		return nil
	}
	for _, f := range s.files {
		err := f.err
		if err == nil {
			err = refused(f.path)
		}
		switch {
		case isMultus(f) && err == nil:
			return found
		case err != nil && s.runtime.Name == "CRI-O":
			found = append(found, warning("remove or correct it", "CRI-O skips a configuration that cannot be read: %v", err)...)
		case err != nil:
			found = append(found, faulty("remove or correct it", "a configuration that cannot be read comes first, which leaves the whole node without a network: %v", err)...)
		case s.file != "":
			found = append(found, faulty("remove it, or rename it to come after "+filepath.Base(s.file),
				"%s comes before multus's own configuration: pods start without multus", f.path)...)
		}
	}
	return found
}

// refused tells why runtimes refuse a file that is valid otherwise: its name says
// whether there is a list in it.
func refused(path string) error {
	data, err := regular.Read(path, netconf.MaxSize)
	if err != nil {
		return err
	}
	o, _ := rawjson.Parse(data) // it was read before
	_, isList := o.Value("plugins")
	if named := filepath.Ext(path) == ".conflist"; named != isList {
		return fmt.Errorf("%s: a list of plugins is expected in .conflist files, and nowhere else", path)
	}
	return nil
}

// ownBinary tells whether the runtime finds multus, and this multus.
func ownBinary(_ context.Context, s *survey) []Finding {
	i := slices.IndexFunc(s.binDirs, func(dir string) bool { return regular.Exists(filepath.Join(dir, s.kind)) })
	if i < 0 {
		return faulty("copy it there: `multus install`", "the runtime does not find the plugin %q in %s: no pod can start", s.kind, joined(s.binDirs))
	}
	path := filepath.Join(s.binDirs[i], s.kind)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return faulty("copy it there anew: `multus install`", "%s is no executable file: no pod can start", path)
	}
	installed, err := buildOf(path)
	ours, _ := buildOf("/proc/self/exe") // not to be seen in every root
	switch {
	case err != nil:
		return warning("copy it there anew: `multus install`", "%s is not built as multus is: %v", path, err)
	case !strings.HasPrefix(installed.path, ownModule):
		return faulty("install this one, or have the other one look at the node", "%s is another multus: %s %s", path, installed.path, installed.version)
	case ours.path != "" && ours != installed:
		return warning("let the DaemonSet finish its update, or run `multus install`", "%s is multus %s, this is %s", path, installed, ours)
	}
	return ok("%s is multus %s", path, installed)
}

// runtimeKnown tells which runtime takes which configuration from where.
func runtimeKnown(_ context.Context, s *survey) []Finding {
	r := s.runtime
	switch {
	case s.runtimeErr != nil:
		return warning("correct it; until then its directories are not known", "the configuration of the container runtime cannot be read: %v", s.runtimeErr)
	case r.Name == "":
		return unknown("no container runtime to be seen here; %s and %s are taken for its directories", s.confDir, s.binDirs[0])
	}
	source := r.File
	if source == "" {
		source = "as by default"
	}
	found := ok("%s (%s) reads %s and runs plugins of %s", r.Name, source, r.ConfDir, joined(r.BinDirs))
	if r.Most != 1 {
		found = faulty("set max_conf_num = 1 there and restart containerd", "%s: max_conf_num is %d: pods are attached by several configurations, past multus", r.File, r.Most)
	}
	if !sameDir(s.confDir, r.ConfDir) {
		found = append(found, faulty("install multus with --cni-conf-dir "+r.ConfDir, "multus's configuration is in %s, which %s does not read", s.confDir, r.Name)...)
	}
	return found
}
