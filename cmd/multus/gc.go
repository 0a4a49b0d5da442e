package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/state"
)

// nodeOptions say what a subcommand that works on this node's records works with.
type nodeOptions struct {
	conf    string
	state   string
	bin     []string
	verbose bool
}

func (o *nodeOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.conf, "conf", "", "`FILE` with the multus configuration (default: the first one in "+runtimeConfigurations+")")
	cmd.Flags().StringVar(&o.state, "state", "", "`DIR` with the records (default: cniDir of the configuration)")
	binFlag(cmd.Flags(), &o.bin)
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "log on standard error what the plugin does, at level debug")
}

// plugin is this node's, without its API server: records say all there is to detach.
func (o *nodeOptions) plugin(std streams, verb string) (multus.Plugin, error) {
	conf, err := std.confOfNode(o.conf, runtimeConfigurations)
	if err != nil && o.conf == "" && o.state != "" { // the records say all but where the plugins are
		conf, err = config.Default(), nil
	}
	if err != nil {
		return multus.Plugin{}, err
	}
	if o.verbose {
		conf.Log.Level, conf.Log.ToStderr = "debug", true
	}
	path := append(o.bin, filepath.SplitList(os.Getenv("CNI_PATH"))...)
	p := newPlugin(path, conf, newLog(conf.Log, std.err).WithField("verb", verb))
	if o.state != "" {
		p.State = state.Dir(o.state)
	}
	return p, nil
}

func gcCommand(std streams) *cobra.Command {
	var opts nodeOptions
	var runtime string
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Detach what no runtime will: unfinished and stale sandboxes",
		Long: `Detaches what is recorded on this node and what no container runtime will ask to
detach any more: sandboxes whose DEL or roll-back could not finish, and
sandboxes whose network namespace is gone. With --runtime, what the runtime
knows still is left alone. Fit for a timer.

Where the node's network namespaces are not to be seen, as in most containers,
that one is gone cannot be told, and nothing is detached for it.

The exit code is 1 if anything could not be detached; it stays recorded.`,
		Example: `  multus gc
  multus gc --runtime /run/containerd/containerd.sock
  multus gc --runtime /run/crio/crio.sock --state /var/lib/cni/multus`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return gc(cmd.Context(), std, opts, runtime) },
	}
	opts.flags(cmd)
	cmd.Flags().StringVar(&runtime, "runtime", "", "`SOCKET` of the container runtime (CRI)")
	return cmd
}

func gc(ctx context.Context, std streams, opts nodeOptions, runtime string) error {
	plugin, err := opts.plugin(std, "gc")
	if err != nil {
		return err
	}
	alive, err := aliveAt(ctx, plugin, runtime)
	if err != nil {
		return err
	}
	done := progress(std, "detaching what is stale")
	finished, err := plugin.Collect(ctx, alive)
	done()
	for _, k := range finished {
		fmt.Fprintf(std.out, "sandbox %s: detached\n", k)
	}
	if len(finished) == 0 && err == nil {
		fmt.Fprintln(std.out, "nothing to detach")
	}
	return err
}
