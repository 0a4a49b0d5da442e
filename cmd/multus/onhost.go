package main

import (
	"context"
	"errors"
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
	"github.com/multus-cni/multus/pkg/state"
)

// askedFor is the file in the state directory by which an installer in a container has
// the runtime's next command collect. Plugins need the node's files, programs and
// rights to detach, iptables for one: a command has them, and a container has not. No
// older record can have its name.
const askedFor = ".collect"

// onHost collects by way of the runtime's commands.
type onHost struct {
	asked []state.Note // what was stale at the last look
}

// collect asks for what is stale now, and tells how much of what was asked for before
// is gone. What is not is an error.
func (h *onHost) collect(ctx context.Context, plugin multus.Plugin, socket string) (finished int, err error) {
	alive, err := aliveAt(ctx, socket, plugin.Planner.Conf.APITimeout)
	if err != nil {
		return 0, err
	}
	stale, err := plugin.Stale(alive)
	if err != nil {
		return 0, err
	}
	left := 0
	for _, k := range h.asked {
		if slices.Contains(stale, k) {
			left++
		} else {
			finished++
		}
	}
	h.asked = stale
	if len(stale) == 0 {
		return finished, nil
	}
	plugin.Log.WithField("sandboxes", len(stale)).Info("stale sandboxes: asked the next command of the runtime to finish them")
	if left > 0 {
		err = fmt.Errorf("%d stale sandboxes were asked for before and are recorded still", left)
	}
	return finished, errors.Join(err, ask(plugin.State))
}

func ask(dir state.Dir) error {
	f, err := os.OpenFile(filepath.Join(string(dir), askedFor), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
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
