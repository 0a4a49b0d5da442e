// Package thirdparty builds other people's plugins and daemons, real code from
// the Go module proxy, for tests that run multus with them. Nothing of them is
// part of this repository; [Programs] says which, and in which version.
package thirdparty

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Program is one of them.
type Program struct {
	Name    string // of the file
	Module  string // a directory of this one if it has a main package of its own
	Version string
	Package string // below the module
	// Role is what it is to multus.
	Role string
	// Tests are those that run it, as go test's -run names them.
	Tests []string
}

// Programs is every one, and the only place that knows versions, but for the go.mod of flanneld.
func Programs() []Program {
	return []Program{
		{
			Name: "whereabouts", Module: "github.com/k8snetworkplumbingwg/whereabouts", Version: "v0.9.2", Package: "cmd",
			Role: "address management for the whole cluster", Tests: []string{"e2e.TestWhereabouts", "e2e.TestWhereaboutsFull"},
		}, {
			Name: "whereabouts-controlloop", Module: "github.com/k8snetworkplumbingwg/whereabouts", Version: "v0.9.2", Package: "cmd/controlloop",
			Role: "reader of the network status", Tests: []string{"e2e.TestWhereaboutsReconciles"},
		}, {
			Name: "flannel", Module: "github.com/containernetworking/plugins", Version: "v0.9.1", Package: "plugins/meta/flannel",
			Role: "default network that delegates itself", Tests: []string{"e2e.TestFlannel", "e2e.TestTwoFlannels"},
		}, {
			Name: "flanneld", Module: "flanneld", Version: "v0.28.10",
			Role: "daemon of the flannel plugin", Tests: []string{"e2e.TestFlannel", "e2e.TestTwoFlannels"},
		}, {
			Name: "ovs", Module: "github.com/k8snetworkplumbingwg/ovs-cni", Version: "v0.39.0", Package: "cmd/plugin",
			Role: "secondary network", Tests: []string{"TestOVS", "e2e.TestOVS"},
		}, {
			Name: "cilium-cni", Module: "github.com/cilium/cilium", Version: "v1.20.2", Package: "plugins/cilium-cni",
			Role: "plugin whose agent is away", Tests: []string{"TestCiliumWithoutAgent", "TestCiliumCannotDelete"},
		}, {
			Name: "rdma", Module: "github.com/k8snetworkplumbingwg/rdma-cni", Version: "v1.6.0", Package: "cmd/rdma",
			Role: "chained plugin that needs a device", Tests: []string{"TestRDMAWithoutDevice"},
		}, {
			Name: "nadstatus", Module: "nadstatus", Version: "v1.7.6",
			Role: "library of clients that read the network status", Tests: []string{"TestStatusAsTheLibraryMakesIt"},
		},
	}
}

// kubernetes is the version of Kubernetes' libraries that those are built with
// that require an older one: each version takes minutes to compile.
const kubernetes = "v0.36.4"

// Path is where a program is, or will be: beside what the node of test/e2e consists of.
func Path(name string) string { return filepath.Join(directory(), "bin", name) }

func directory() string {
	base := os.Getenv("MULTUS_E2E_DIR")
	if base == "" {
		base = "/var/tmp/multus-e2e"
	}
	return filepath.Join(base, "thirdparty")
}

// Built is the path of a program that has been built; without it the test is skipped.
func Built(t testing.TB, name string) string {
	t.Helper()
	for _, p := range Programs() {
		if p.Name == name && !p.current() {
			why, _ := os.ReadFile(Path(name) + ".error")
			t.Skipf("%s %s is not built; ./test.sh e2e builds it: %s", name, p.Version, why)
		}
	}
	return Path(name)
}

// Missing are the programs that are not there in their version.
func Missing() []Program {
	var list []Program
	for _, p := range Programs() {
		if !p.current() {
			list = append(list, p)
		}
	}
	return list
}

// stamp is what the version file of a current program says.
func (p Program) stamp() string {
	return fmt.Sprintln(p.Module, p.Version, p.Package, kubernetes, runtime.Version())
}

func (p Program) current() bool {
	_, err := os.Stat(Path(p.Name))
	stamp, _ := os.ReadFile(Path(p.Name) + ".version")
	return err == nil && string(stamp) == p.stamp()
}

// Build builds a program from the module proxy. source is the directory of this package.
func (p Program) Build(source string) error {
	dir, target := filepath.Join(directory(), "build", p.Name), "./"
	if p.Package == "" {
		dir = filepath.Join(source, p.Module)
	} else {
		target = p.Module + "/" + p.Package
		if err := p.writeModule(dir); err != nil {
			return err
		}
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", Path(p.Name), target)
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off")
	if p.Package != "" {
		build.Env = append(build.Env, "GOFLAGS=-mod=mod") // completes the go.mod
	}
	if out, err := build.CombinedOutput(); err != nil {
		err = fmt.Errorf("%s: %w\n%s", p.Name, err, out)
		return errors.Join(err, os.MkdirAll(filepath.Dir(Path(p.Name)), 0o755), os.WriteFile(Path(p.Name)+".error", out, 0o644))
	}
	return os.WriteFile(Path(p.Name)+".version", []byte(p.stamp()), 0o644)
}

// writeModule makes a directory with a go.mod that requires the program's module.
func (p Program) writeModule(dir string) error {
	mod := fmt.Sprintf("module thirdparty.local/%s\n\ngo 1.26.0\n\nrequire %s %s\n", p.Name, p.Module, p.Version)
	for _, library := range []string{"api", "apimachinery", "client-go"} {
		mod += fmt.Sprintf("\nrequire k8s.io/%s %s\n", library, kubernetes)
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644))
}

// Source is the directory of a program's module, for files that come with it.
func Source(t testing.TB, name string) string {
	t.Helper()
	for _, p := range Programs() {
		if p.Name != name {
			continue
		}
		cmd := exec.Command("go", "mod", "download", "-json", p.Module+"@"+p.Version)
		cmd.Dir = os.TempDir() // outside of this module
		out, err := cmd.Output()
		var module struct{ Dir string }
		if err = errors.Join(err, json.Unmarshal(out, &module)); err != nil {
			t.Fatalf("source of %s: %v", name, err)
		}
		return module.Dir
	}
	t.Fatalf("there is no program %s", name)
	return ""
}
