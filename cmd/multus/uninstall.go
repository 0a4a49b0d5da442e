package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/metrics"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/node"
)

const (
	// departTime is how long an installer that was deleted waits for the pods that
	// multus attached: less than what a pod has to end.
	departTime = 20 * time.Second
	// leavePause is the time between two looks at what is recorded still.
	leavePause = 2 * time.Second
)

func uninstallCommand(std streams) *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take multus away from this node",
		Long: `Takes multus's configuration away from this node, and then, where no sandbox is
recorded any more, the kubeconfig and the binary. While pods that multus
attached still run these stay, for they are needed to detach them: give the pods
time with --wait, or run uninstall again later.

Nothing else is touched. Configurations that multus took the place of do not
come back by themselves.`,
		Example: "  multus uninstall\n  multus uninstall --wait 10m",
		Args:    cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.complete(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			n := node.Node{Options: f.Options, Log: std.log()}
			defer progress(std, "waiting for the pods that multus attached")()
			left, err := f.leave(cmd.Context(), n, f.wait, func(path string) { fmt.Fprintln(std.out, "removed", path) })
			if left > 0 {
				fmt.Fprintf(std.out, "%d sandboxes are attached still: the binary stays until they are gone; see `multus list`\n", left)
			}
			return err
		},
	}
	f.common(cmd.Flags())
	cmd.Flags().DurationVar(&f.wait, "wait", 0, "`TIME` to wait for the pods that multus attached; what no runtime comes back for is detached meanwhile")
	return cmd
}

// depart takes multus away because its DaemonSet was deleted.
func (f *installFlags) depart(ctx context.Context, n node.Node) error {
	n.Log.Info("the DaemonSet does not want this node any more: multus leaves it")
	left, err := f.leave(ctx, n, departTime, func(path string) { n.Log.WithField("file", path).Info("removed") })
	if left > 0 {
		n.Log.WithField("sandboxes", left).Warn("pods that multus attached still run, and the binary stays to detach them; when they are gone, run `multus uninstall` on this node")
	}
	return err
}

// leave takes multus away: the configuration at once, and all else as soon as nothing is
// recorded any more, for which it waits. It tells how many sandboxes are left.
func (f *installFlags) leave(ctx context.Context, n node.Node, wait time.Duration, tell func(path string)) (int, error) {
	remove := func(inUse bool) error {
		removed, err := n.Leave(inUse)
		for _, path := range removed {
			tell(path)
		}
		return err
	}
	if err := remove(true); err != nil {
		return 0, err
	}
	plugin := f.collector(n.Log)
	left, err := f.await(ctx, plugin, wait)
	if err != nil || left > 0 {
		return left, err
	}
	if err := remove(false); err != nil {
		return 0, err
	}
	return 0, plugin.State.Clear(metrics.SocketName, askedFor)
}

// await waits until nothing is recorded any more, and finishes meanwhile what no
// runtime will. It tells what is left in the end.
func (f *installFlags) await(ctx context.Context, plugin multus.Plugin, wait time.Duration) (int, error) {
	for end := time.Now().Add(wait); ; {
		keys, err := plugin.State.Keys()
		if err != nil || len(keys) == 0 || time.Now().After(end) || ctx.Err() != nil {
			return len(keys), err
		}
		if _, err := finish(ctx, plugin, f.socket); err != nil {
			plugin.Log.WithError(err).Warn("some stale sandboxes are left")
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(leavePause, time.Until(end))):
		}
	}
}
