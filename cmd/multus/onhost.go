package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/multus"
)

// askedFor is the file, whose name cannot be that of an older record, in the state directory by which an installer in a container has
// the runtime's next command collect. Plugins need the node's files, programs and
// rights to detach, iptables for one: a command has them, and a container has not.
const askedFor = ".collect"

// askHost asks for it where something is stale. It tells whether it did.
func askHost(ctx context.Context, plugin multus.Plugin, socket string) (bool, error) {
	alive, err := aliveAt(ctx, socket, plugin.Planner.Conf.APITimeout)
	if err != nil {
		return false, err
	}
	recs, err := plugin.State.List()
	for _, rec := range recs {
		if !plugin.State.IsStale(rec) || alive != nil && alive(rec.Sandbox.ContainerID) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(string(plugin.State), askedFor), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return false, err
		}
		return true, f.Close()
	}
	return false, err
}

// collectIfAsked starts `multus gc` beside a command, which does not wait for it. Where
// nobody asked, it costs one system call.
func collectIfAsked(conf config.Config, path []string) error {
	asked := filepath.Join(conf.CNIDir, askedFor)
	if unix.Access(asked, unix.F_OK) != nil || os.Remove(asked) != nil { // another command has taken it
		return nil
	}
	args := []string{"multus", "gc", "--state", conf.CNIDir}
	for _, dir := range append(path, conf.BinDir...) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			args = append(args, "--bin", dir)
		}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = args
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CNI_") })
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("collecting what is stale: %w", err)
	}
	return cmd.Process.Release()
}
