package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

var update = flag.Bool("update", false, "rewrite what the scenarios expect")

const args = "IgnoreUnknown=1;K8S_POD_NAME=web"

// scenario is one file of testdata. Its sections are conf.json, pod.yaml (none:
// no pod), `nad NS/NAME [RESOURCE]`, `network NS/NAME` (an older object), `file
// PATH`, devices.json, plugins (the binaries there are, see install), `no api`, `api is down`,
// command (salvage or everywhere, else plan), and expect. $DIR is the scenario's
// directory; networks on disk are in $DIR/net.d.
type scenario struct {
	dir     string
	command string
	pod     plan.Pod
	planner plan.Planner
	nads    *definitions
	devices *devices
}

// definitions answers from the scenario and remembers what it was asked.
type definitions struct {
	known, older map[plan.Ref]plan.Definition
	down         bool
	calls        [][]plan.Ref
}

func (d *definitions) Definitions(_ context.Context, kind string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	d.calls = append(d.calls, refs)
	answers := make(map[plan.Ref]plan.Answer)
	for _, ref := range refs {
		def, found := d.known[ref]
		if kind == plan.KindNetwork {
			def, found = d.older[ref]
		}
		switch {
		case d.down:
			answers[ref] = plan.Answer{Err: fmt.Errorf("%w: connection refused", plan.ErrUnavailable)}
		case !found:
			answers[ref] = plan.Answer{Err: plan.ErrNotFound}
		default:
			answers[ref] = plan.Answer{Definition: def}
		}
	}
	return answers
}

// devices is what the kubelet gave the pod.
type devices struct {
	ids   map[string][]string
	calls int
}

func (d *devices) Devices(context.Context, plan.Pod, []string) (map[string][]string, error) {
	d.calls++
	if d.ids == nil {
		return nil, errors.New("the kubelet does not answer")
	}
	return d.ids, nil
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("scenarios: %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			cnitest.Must(t, err)
			s := load(t, archive)
			got := s.run(t)
			if *update {
				rewrite(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(section(archive, "expect"), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func rewrite(t *testing.T, file string, a *txtar.Archive, got string) {
	kept := a.Files[:0]
	for _, f := range a.Files {
		if f.Name != "expect" {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, txtar.File{Name: "expect", Data: []byte(got)})
	cnitest.Must(t, os.WriteFile(file, txtar.Format(a), 0o644))
}

// load makes of the archive what a planner works with.
func load(t *testing.T, a *txtar.Archive) *scenario {
	s := &scenario{dir: t.TempDir(), nads: &definitions{known: map[plan.Ref]plan.Definition{}, older: map[plan.Ref]plan.Definition{}}}
	s.planner.Definitions = s.nads
	for _, f := range a.Files {
		words := strings.Fields(f.Name)
		switch {
		case words[0] == "nad":
			s.nads.known[ref(words[1])] = plan.Definition{Config: string(bytes.TrimSpace(f.Data)), Resource: strings.Join(words[2:], "")}
		case words[0] == "network":
			s.nads.older[ref(words[1])] = plan.Definition{Config: string(bytes.TrimSpace(f.Data))}
		case words[0] == "file":
			s.write(t, words[1], f.Data)
		default:
			s.section(t, f)
		}
	}
	return s
}

func ref(text string) plan.Ref {
	namespace, name, _ := strings.Cut(text, "/")
	return plan.Ref{Namespace: namespace, Name: name}
}

func (s *scenario) write(t *testing.T, name string, data []byte) {
	path := filepath.Join(s.dir, name)
	cnitest.Must(t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)))
}

func (s *scenario) section(t *testing.T, f txtar.File) {
	var err error
	switch f.Name {
	case "conf.json":
		text := strings.ReplaceAll(string(f.Data), "$DIR", s.dir)
		s.planner.Conf, err = config.Parse([]byte(text))
		s.planner.Conf.ConfDir = netconf.Dir{filepath.Join(s.dir, "net.d")}
	case "pod.yaml":
		s.pod, err = podOf(f.Data)
	case "devices.json":
		s.devices = &devices{}
		s.planner.Devices = s.devices
		err = json.Unmarshal(f.Data, &s.devices.ids)
	case "plugins":
		s.planner.Binaries = s.install(t, strings.Fields(string(f.Data)))
	case "no api":
		s.planner.Definitions = nil
	case "api is down":
		s.nads.down = true
	case "command":
		s.command = strings.TrimSpace(string(f.Data))
	case "expect":
	default:
		t.Fatalf("unknown section %q", f.Name)
	}
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
}

func podOf(data []byte) (plan.Pod, error) {
	var pod struct {
		Metadata struct {
			Namespace, Name string
			Annotations     map[string]string
		}
	}
	err := yaml.UnmarshalStrict(data, &pod)
	return plan.Pod{Namespace: pod.Metadata.Namespace, Name: pod.Metadata.Name, UID: "u1", Annotations: pod.Metadata.Annotations}, err
}

// install puts plugins on the disk: a name as it is, name! for a file that is not
// executable, name=multus for one that is the running program.
func (s *scenario) install(t *testing.T, plugins []string) plan.Binaries {
	for _, p := range plugins {
		file, broken := strings.CutSuffix(p, "!")
		file, own := strings.CutSuffix(file, "=multus")
		s.write(t, filepath.Join("bin", file), nil)
		path := filepath.Join(s.dir, "bin", file)
		var err error
		switch {
		case own:
			err = errors.Join(os.Remove(path), os.Symlink("/proc/self/exe", path))
		case !broken:
			err = os.Chmod(path, 0o755)
		}
		cnitest.Must(t, err)
	}
	return binDir(filepath.Join(s.dir, "bin"))
}

// binDir is a directory of plugins.
type binDir string

func (b binDir) Find(plugin string) (string, error) {
	path := filepath.Join(string(b), plugin)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: plugin binary not found in /opt/cni/bin", plugin)
	case info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%s: plugin binary %s is not executable", plugin, path)
	}
	return path, nil
}
