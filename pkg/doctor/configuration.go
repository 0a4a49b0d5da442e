package doctor

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/multus-cni/multus/pkg/delegate"
)

const ownModule = "github.com/multus-cni/multus"

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
		return or(found, ok("%s is valid; it is not in %s, which the runtime reads", s.file, s.ConfDir))
	}
	return or(found, ok("%s is valid, and first in %s", filepath.Base(s.file), s.ConfDir))
}

// inPlace tells whether the configuration is where the runtime reads, and none that was
// given by hand.
func (s *survey) inPlace() bool { return sameDir(filepath.Dir(s.file), s.ConfDir) }

// absent tells why there is no configuration of multus.
func (s *survey) absent() []Finding {
	away, _ := filepath.Glob(filepath.Join(s.ConfDir, "*multus*.cilium_bak")) // the directory's name is no pattern
	switch info, err := os.Stat(s.ConfDir); {
	case len(away) > 0:
		return faulty("set cni.exclusive=false in Cilium's Helm values", "Cilium has taken multus's configuration away: %s", away[0])
	case errors.Is(err, os.ErrNotExist):
		return faulty(installFirst+". On a node with other directories name them with --cni-conf-dir and --cni-bin-dir",
			"multus is not on this machine, nor is there a directory %s: no node of Kubernetes?", s.ConfDir)
	case err != nil || !info.IsDir() || s.filesErr != nil:
		return faulty("run multus doctor as root, or name the directory with --cni-conf-dir", "%s cannot be read: %v", s.ConfDir, errors.Join(err, s.filesErr))
	}
	return faulty(installFirst, "no configuration of multus in %s: pods start without it", s.ConfDir)
}

// before are files that the runtime reads before multus's own, all of them where there
// is none.
func (s *survey) before() []Finding {
	var found []Finding
	if s.file != "" && !s.inPlace() {
		return nil
	}
	for _, f := range s.files {
		switch {
		case isMultus(f) && f.err == nil:
			return found
		case f.err != nil && s.runtime.Name == "CRI-O":
			found = append(found, warning("remove or correct it", "CRI-O skips a configuration that cannot be read: %v", f.err)...)
		case f.err != nil:
			found = append(found, faulty("remove or correct it", "a configuration that cannot be read comes first, which leaves the whole node without a network: %v", f.err)...)
		case s.file != "":
			found = append(found, faulty("remove it, or rename it to come after "+filepath.Base(s.file),
				"%s comes before multus's own configuration: pods start without multus", f.path)...)
		}
	}
	return found
}

// ownBinary tells whether the runtime finds multus, and this multus.
func ownBinary(_ context.Context, s *survey) []Finding {
	path, err := delegate.Runner{Exec: delegate.Process{}, Path: s.BinDirs}.Find(s.kind)
	if err != nil {
		return faulty("copy it there: `multus install`", "%v: no pod can start", err)
	}
	installed, err := buildinfo.ReadFile(path)
	if err != nil {
		return warning("copy it there anew: `multus install`", "%s is not built as multus is: %v", path, err)
	}
	version := installed.Main.Version
	ours, err := buildinfo.ReadFile("/proc/self/exe") // not to be seen in every root
	switch {
	case !strings.HasPrefix(installed.Path, ownModule):
		return faulty("install this one, or have the other one look at the node", "%s is another multus: %s %s", path, installed.Path, version)
	case err == nil && (ours.Path != installed.Path || ours.Main.Version != version):
		return warning("let the DaemonSet finish its update, or run `multus install`", "%s is multus %s, this is %s", path, version, ours.Main.Version)
	}
	return ok("%s is multus %s", path, version)
}

// runtimeKnown tells which runtime takes which configuration from where.
func runtimeKnown(_ context.Context, s *survey) []Finding {
	r := s.runtime
	switch {
	case s.runtimeErr != nil:
		return warning("correct it; until then its directories are not known", "the configuration of the container runtime cannot be read: %v", s.runtimeErr)
	case r.Name == "":
		return unknown("no container runtime to be seen here; %s and %s are taken for its directories", s.ConfDir, s.BinDirs[0])
	}
	found := ok("%s (%s) reads %s and runs plugins of %s", r.Name, cmp.Or(r.File, "as by default"), r.ConfDir, joined(r.BinDirs))
	if r.Most != 1 {
		found = faulty("set max_conf_num = 1 there and restart containerd", "%s: max_conf_num is %d: pods are attached by several configurations, past multus", r.File, r.Most)
	}
	if !sameDir(s.ConfDir, r.ConfDir) {
		found = append(found, faulty("install multus with --cni-conf-dir "+r.ConfDir, "multus's configuration is in %s, which %s does not read", s.ConfDir, r.Name)...)
	}
	return found
}
