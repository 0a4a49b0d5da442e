package doctor

import (
	"cmp"
	"context"
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
	runtime    cri.Runtime
	runtimeErr error
	confDir    string
	binDirs    []string // of the runtime
	files      []file   // that the runtime reads in confDir, in its order
	filesErr   error
	file       string // multus's own, "" where there is none
	kind       string // the plugin type by which the runtime runs multus
	conf       config.Config
	wrong      []lint.Finding // with that file
	broken     bool           // conf is not what the file says
	client     *kube.Client   // nil: no kubeconfig
	collect    func(ctx context.Context, stateDir string, binDirs []string) (string, error)
	server     func() (kube.Server, error) // what the API server answers, asked once
	known      func() known
}

// file is one that the runtime reads.
type file struct {
	path   string
	list   netconf.List
	err    error
	multus string // the type by which it runs multus; "" where it does not
}

func (n Node) survey(ctx context.Context) *survey {
	s := &survey{conf: config.Default(), collect: n.Collect}
	s.runtime, s.runtimeErr = cri.Find()
	s.confDir = cmp.Or(n.ConfDir, s.runtime.ConfDir, n.Preset.ConfDir)
	s.read()
	if !slices.ContainsFunc(s.files, isMultus) && n.ConfDir == "" && s.confDir != n.Preset.ConfDir {
		elsewhere := survey{confDir: n.Preset.ConfDir}
		if elsewhere.read(); slices.ContainsFunc(elsewhere.files, isMultus) {
			s.confDir, s.files = elsewhere.confDir, elsewhere.files
		}
	}
	for _, dirs := range [][]string{n.BinDirs, s.runtime.BinDirs, {n.Preset.BinDir}} {
		if len(s.binDirs) == 0 {
			s.binDirs = dirs
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

// inside tells findings that are no more than guesses in a container, which sees a part
// of the node alone: where no runtime is to be seen.
func (s *survey) inside(found []Finding) []Finding {
	for i, f := range found {
		if s.runtime.Name == "" && f.Level == Fault {
			found[i] = Finding{Level: Unknown, What: f.What + "; from here that may look so where all is well"}
		}
	}
	return found
}

func isMultus(f file) bool { return f.multus != "" }

// read looks at what the runtime reads.
func (s *survey) read() {
	names, err := netconf.RuntimeFiles(s.confDir)
	s.files, s.filesErr = nil, err
	for _, name := range names {
		f := file{path: filepath.Join(s.confDir, name)}
		found, err := netconf.File(f.path)
		f.list, f.err = found.List, err
		for _, p := range f.list.Plugins() {
			if strings.HasPrefix(p.Type(), "multus") {
				f.multus = p.Type()
			}
		}
		s.files = append(s.files, f)
	}
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
	s.broken = err != nil || confErr != nil
	if s.broken {
		return
	}
	s.conf = conf
	if conf.Kubeconfig != "" {
		s.client, _ = kube.Dial(conf.Kubeconfig) // an absolute path, as the configuration makes sure
	}
}

func (s *survey) close() {
	if s.client != nil {
		s.client.Close()
	}
}

// runner runs plugins as the plugin does.
func (s *survey) runner() delegate.Runner {
	return delegate.Runner{Exec: delegate.Process{}, Path: slices.Concat(s.binDirs, s.conf.BinDir), Timeout: pluginTime}
}

// sameDir tells whether two paths are one directory; one of them may be a link.
func sameDir(a, b string) bool {
	one, errOne := os.Stat(a)
	other, errOther := os.Stat(b)
	return errOne == nil && errOther == nil && os.SameFile(one, other) || filepath.Clean(a) == filepath.Clean(b)
}

func (s *survey) state() state.Dir { return state.Dir(s.conf.CNIDir) }
