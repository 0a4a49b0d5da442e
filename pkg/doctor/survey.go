package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/cri"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/state"
)

// survey is what the checks look at: what is on the node, and what its files say.
type survey struct {
	Node       // its directories are known here
	runtime    cri.Runtime
	runtimeErr error
	files      []file // that the runtime reads in ConfDir, in its order
	filesErr   error
	file       string // multus's own, "" where there is none
	kind       string // the plugin type by which the runtime runs multus
	conf       config.Config
	wrong      []lint.Finding              // with that file
	broken     bool                        // conf is not what the file says
	client     *kube.Client                // nil: no kubeconfig
	server     func() (kube.Server, error) // what the API server answers, asked once
	known      func() known
}

// file is one that the runtime reads.
type file struct {
	path   string
	err    error  // why runtimes refuse it
	multus string // the type by which it runs multus; "" where it does not
}

func (n Node) survey(ctx context.Context) *survey {
	s := &survey{Node: n, conf: config.Default()}
	s.runtime, s.runtimeErr = cri.Find()
	s.ConfDir = cmp.Or(n.ConfDir, s.runtime.ConfDir, n.Preset.ConfDir)
	s.files, s.filesErr = read(s.ConfDir)
	if elsewhere, _ := read(n.Preset.ConfDir); n.ConfDir == "" && !slices.ContainsFunc(s.files, isMultus) && slices.ContainsFunc(elsewhere, isMultus) {
		s.ConfDir, s.files = n.Preset.ConfDir, elsewhere
	}
	for _, dirs := range [][]string{s.runtime.BinDirs, {n.Preset.BinDir}} {
		if len(s.BinDirs) == 0 {
			s.BinDirs = dirs
		}
	}
	if i := slices.IndexFunc(s.files, isMultus); i >= 0 {
		s.file, s.kind = s.files[i].path, s.files[i].multus
	}
	s.file = cmp.Or(n.Conf, s.file)
	s.configure(ctx)
	s.kind = cmp.Or(s.kind, s.conf.Type)
	s.server = sync.OnceValues(func() (kube.Server, error) {
		ctx, cancel := context.WithTimeout(ctx, n.Limit/3) // the rest is for what builds on it
		defer cancel()
		return s.client.Server(ctx)
	})
	s.known = sync.OnceValue(func() known {
		ctx, cancel := context.WithTimeout(ctx, n.Limit*2/3)
		defer cancel()
		return s.learn(ctx)
	})
	return s
}

// inside is a finding that is no more than a guess in a container, which sees a part
// of the node alone: where no runtime is to be seen.
func (s *survey) inside(found []Finding) []Finding {
	if f := found[0]; s.runtime.Name == "" && f.Level == Fault {
		return unknown("%s; from here that may look so where all is well", f.What)
	}
	return found
}

func isMultus(f file) bool { return f.multus != "" }

// read looks at what the runtime reads of a directory.
func read(dir string) ([]file, error) {
	names, err := netconf.RuntimeFiles(dir)
	var files []file
	for _, name := range names {
		f := file{path: filepath.Join(dir, name)}
		found, err := netconf.File(f.path)
		if f.err = err; err == nil && found.IsList != (filepath.Ext(name) == ".conflist") {
			f.err = fmt.Errorf("%s: a list of plugins is expected in .conflist files, and nowhere else", f.path)
		}
		for _, p := range found.List.Plugins() {
			if strings.HasPrefix(p.Type(), "multus") {
				f.multus = p.Type()
			}
		}
		files = append(files, f)
	}
	return files, err
}

// configure reads multus's configuration.
func (s *survey) configure(ctx context.Context) {
	if s.file == "" {
		return
	}
	objects, err := manifest.Load(s.file)
	for _, f := range fault.All(err) {
		s.wrong = append(s.wrong, lint.Finding{Fault: f})
	}
	s.wrong = append(s.wrong, lint.Check(ctx, objects)...)
	conf, confErr := objects.Config()
	if s.broken = err != nil || confErr != nil; s.broken {
		return
	}
	s.conf, s.client = conf, kube.Dial(conf.Kubeconfig)
}

// runner runs plugins as the plugin does.
func (s *survey) runner() delegate.Runner {
	return delegate.Runner{Exec: delegate.Process{}, Path: slices.Concat(s.BinDirs, s.conf.BinDir), Timeout: pluginTime}
}

// sameDir tells whether two paths are one directory; one of them may be a link.
func sameDir(a, b string) bool {
	one, errOne := os.Stat(a)
	other, errOther := os.Stat(b)
	return errOne == nil && errOther == nil && os.SameFile(one, other) || filepath.Clean(a) == filepath.Clean(b)
}

func (s *survey) state() state.Dir { return state.Dir(s.conf.CNIDir) }
