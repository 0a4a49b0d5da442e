package cri

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/multus-cni/multus/pkg/regular"
)

// Runtime is what a container runtime's configuration says about CNI.
type Runtime struct {
	Name    string // containerd, CRI-O; "" where none is to be seen
	File    string // "" where its socket alone is there: all is as by default
	ConfDir string
	BinDirs []string
	Most    int    // how many configurations it takes of the directory
	Network string // the one that it is told to take; "" for the first
}

// Files and sockets of container runtimes. Distributions that bring their own come
// first: beside them there may be another one, for something else.
func containerdFiles() []string {
	return []string{
		"/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "/var/lib/rancher/rke2/agent/etc/containerd/config.toml",
		"/var/snap/microk8s/current/args/containerd.toml", "/etc/k0s/containerd.toml", "/etc/cri/containerd.toml", "/etc/containerd/config.toml",
	}
}

func containerdSockets() []string {
	return []string{"/run/k3s/containerd/containerd.sock", "/run/k0s/containerd.sock", "/var/snap/microk8s/common/run/containerd.sock", "/run/containerd/containerd.sock"}
}

func crioFiles() []string { return []string{"/etc/crio/crio.conf", "/etc/crio/crio.conf.d"} }

// Find is the runtime of this node: the zero value where there is none to be
// seen. Of two that are there CRI-O is the one that its socket speaks for; containerd
// is often there for Docker alone.
func Find() (Runtime, error) {
	if regular.Exists("/run/crio/crio.sock") || first(crioFiles()) != "" && first(containerdSockets()) == "" {
		return crio()
	}
	return containerd()
}

// first is the first of the paths that exists.
func first(paths []string) string {
	if i := slices.IndexFunc(paths, regular.Exists); i >= 0 {
		return paths[i]
	}
	return ""
}

// configOf is the file that a running program of this machine, not of a container on it,
// was told to take its configuration from; "" where there is none, or it was not told.
func configOf(program string) string {
	here, _ := os.Readlink("/proc/self/ns/mnt")
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is one
	for _, file := range files {
		line, _ := os.ReadFile(file) // a process may have ended by now
		there, _ := os.Readlink(filepath.Join(filepath.Dir(file), "ns/mnt"))
		args := strings.Split(string(line), "\x00")
		if filepath.Base(args[0]) != program || here != there {
			continue
		}
		for i, arg := range args {
			if value, is := strings.CutPrefix(arg, "--config="); is {
				return value
			}
			if (arg == "--config" || arg == "-c") && i+1 < len(args) {
				return args[i+1]
			}
		}
	}
	return ""
}

// containerdFile is what counts here of a configuration of containerd, version 1 to 3.
type containerdFile struct {
	Imports []string `toml:"imports"`
	Plugins map[string]struct {
		CNI struct {
			ConfDir string   `toml:"conf_dir"`
			BinDir  string   `toml:"bin_dir"`
			BinDirs []string `toml:"bin_dirs"`
			Most    *int     `toml:"max_conf_num"`
		} `toml:"cni"`
	} `toml:"plugins"`
}

func containerd() (Runtime, error) {
	file := cmp.Or(configOf("containerd"), first(containerdFiles()))
	if file == "" && first(containerdSockets()) == "" {
		return Runtime{}, nil
	}
	r := Runtime{Name: "containerd", File: file, ConfDir: "/etc/cni/net.d", BinDirs: []string{"/opt/cni/bin"}, Most: 1}
	if file == "" {
		return r, nil
	}
	return r, r.readContainerd(file, map[string]bool{})
}

// readContainerd reads a file, and then those that it imports, which win.
func (r *Runtime) readContainerd(file string, seen map[string]bool) error {
	if seen[file] {
		return nil
	}
	seen[file] = true
	var f containerdFile
	if err := readTOML(file, &f); err != nil {
		return err
	}
	for _, plugin := range []string{"cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"} {
		cni := f.Plugins[plugin].CNI
		r.ConfDir = cmp.Or(cni.ConfDir, r.ConfDir)
		if cni.BinDir != "" {
			r.BinDirs = []string{cni.BinDir}
		}
		if len(cni.BinDirs) > 0 {
			r.BinDirs = cni.BinDirs
		}
		if cni.Most != nil {
			r.Most = *cni.Most
		}
	}
	var errs []error
	for _, pattern := range f.Imports {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(file), pattern)
		}
		imported, _ := filepath.Glob(pattern) // of a pattern that is none, containerd makes nothing either
		for _, path := range imported {
			errs = append(errs, r.readContainerd(path, seen))
		}
	}
	return errors.Join(errs...)
}

func crio() (Runtime, error) {
	var f struct {
		Crio struct {
			Network struct {
				ConfDir string   `toml:"network_dir"`
				BinDir  string   `toml:"plugin_dir"`
				BinDirs []string `toml:"plugin_dirs"`
				Default string   `toml:"cni_default_network"`
			} `toml:"network"`
		} `toml:"crio"`
	}
	dropIns, _ := filepath.Glob("/etc/crio/crio.conf.d/*") // the pattern is one; sorted, the last wins
	var errs []error
	for _, file := range append([]string{crioFiles()[0]}, dropIns...) {
		if err := readTOML(file, &f); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	n := f.Crio.Network
	r := Runtime{Name: "CRI-O", File: first(crioFiles()), ConfDir: cmp.Or(n.ConfDir, "/etc/cni/net.d"), BinDirs: n.BinDirs, Most: 1, Network: n.Default}
	if n.BinDir != "" {
		r.BinDirs = append(r.BinDirs, n.BinDir)
	}
	if len(r.BinDirs) == 0 {
		r.BinDirs = []string{"/opt/cni/bin"}
	}
	return r, errors.Join(errs...)
}

// maxTOML bounds a runtime's configuration.
const maxTOML = 4 << 20

func readTOML(file string, into any) error {
	data, err := regular.Read(file, maxTOML)
	if err == nil {
		err = toml.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, regular.Reason(err))
	}
	return nil
}
