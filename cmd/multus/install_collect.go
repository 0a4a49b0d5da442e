package main

import (
	"context"
	"errors"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/cri"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/node"
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
	alive, err := aliveAt(ctx, socket, plugin.Planner.Conf.APITimeout)
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
func aliveAt(ctx context.Context, socket string, limit time.Duration) (func(containerID string) bool, error) {
	if socket == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
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
	for ctx.Err() == nil {
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
		select {
		case <-ctx.Done():
		case <-time.After(collectPause):
		}
	}
}
