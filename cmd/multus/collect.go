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
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/cri"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/state"
)

// collectPause is the time between two looks for stale sandboxes and for pods without
// their networks.
const collectPause = 5 * time.Minute

// collector is the plugin that finishes what no runtime will.
func (f *installFlags) collector(log *logrus.Entry) multus.Plugin {
	conf := config.Default()
	conf.CNIDir, conf.BinDir = string(f.state()), f.BinDirs
	return newPlugin(nil, conf, log)
}

// finish detaches what is stale, after a look at what the runtime knows still. CRI-O
// never repeats a DEL that failed, and containerd never calls GC.
func finish(ctx context.Context, plugin multus.Plugin, socket string) (int, error) {
	alive, err := aliveAt(ctx, plugin, socket)
	if err != nil {
		return 0, err
	}
	finished, err := plugin.Collect(ctx, alive)
	for _, k := range finished {
		plugin.Log.WithField("sandbox", k.String()).Info("finished what was left of it")
	}
	return len(finished), err
}

// aliveAt tells which sandboxes the runtime at a socket knows; nil where there is no
// socket to ask at.
func aliveAt(ctx context.Context, plugin multus.Plugin, socket string) (func(containerID string) bool, error) {
	if socket == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, plugin.Planner.Conf.APITimeout)
	defer cancel()
	known, err := cri.Sandboxes(ctx, socket)
	return func(id string) bool { return known[id] }, err
}

// collect finishes, at once and then every few minutes, what no runtime will, and
// looks for pods that started without their networks.
func (w *watched) collect(ctx context.Context, f *installFlags, repairer *node.Repairer) {
	log := w.plugin.Log
	collect := finish
	if f.onHost {
		collect = new(onHost).collect
	}
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		finished, err := collect(ctx, w.plugin, f.socket)
		w.collection(finished, err)
		if err != nil && ctx.Err() == nil {
			log.WithError(err).Warn("some stale sandboxes are left")
		}
		// A record that cannot be read may be that of a pod which has all it asked for.
		recs, err := w.plugin.State.List()
		if err == nil {
			err = repairer.Look(ctx, recs)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			log.WithError(err).Warn("not all pods without their networks were looked at")
		}
	}, collectPause)
}

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
	alive, err := aliveAt(ctx, plugin, socket)
	if err != nil {
		return 0, err
	}
	stale, err := plugin.Stale(alive)
	if err != nil {
		return 0, err
	}
	gone := slices.DeleteFunc(slices.Clone(h.asked), func(n state.Note) bool { return slices.Contains(stale, n) })
	left := len(h.asked) - len(gone)
	h.asked = stale
	if len(stale) == 0 {
		return len(gone), nil
	}
	plugin.Log.WithField("sandboxes", len(stale)).Info("stale sandboxes: asked the next command of the runtime to finish them")
	if left > 0 {
		err = fmt.Errorf("%d stale sandboxes were asked for before and are recorded still", left)
	}
	return len(gone), errors.Join(err, os.WriteFile(filepath.Join(string(plugin.State), askedFor), nil, 0o600))
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
