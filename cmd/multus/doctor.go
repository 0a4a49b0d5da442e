package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/doctor"
)

const doctorHelp = `Looks at this node and says what is wrong with it, and what to do: the container
runtime's directories, multus's configuration, kubeconfig and permissions, the
default network, the plugins that networks name, addresses that run out, records
that nobody will come back for, files that others may change. docs/doctor.md has
a paragraph for each check.

It changes nothing. With --fix it mends what cannot do harm: it detaches stale
sandboxes, as "multus gc" does, and takes permissions on multus's files away
from everybody but root.

Run it as root on the node, or in multus's DaemonSet, where what the container
does not see is "unknown". --all-nodes, from anywhere with kubectl, runs it in
every pod of the DaemonSet.

The exit code is 1 if there is a fault.`

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	doctor.Node
	distribution string
	root         string
	onHost       bool
	output       output
	cluster      clusterOptions
}

func doctorCommand(std streams) *cobra.Command {
	var opts doctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say what is wrong with this node, and what to do", Long: doctorHelp,
		Example: `  multus doctor
  multus doctor --fix
  multus doctor --root /host -o json
  kubectl multus doctor --all-nodes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.cluster.all {
				return doctorAll(cmd.Context(), std, opts)
			}
			return examine(cmd.Context(), std, opts)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&opts.ConfDir, "cni-conf-dir", "", "`DIR` of the runtime's configurations (default as the runtime says, else from the preset)")
	fs.StringArrayVar(&opts.BinDirs, "cni-bin-dir", nil, "`DIR` of the runtime's plugins, repeatable (default likewise)")
	fs.StringVar(&opts.distribution, "distribution", "auto", "`NAME` of a preset for the directories, as for install")
	fs.BoolVar(&opts.onHost, "collect-on-host", false, "with --fix, have the runtime's next command detach what is stale, as for install")
	shared := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.VisitAll(shared.AddFlag) // what install takes from the DaemonSet's environment too
	cmd.PreRunE = func(*cobra.Command, []string) error { return new(installFlags).environment(shared) }
	fs.StringVar(&opts.root, "root", "", "`DIR` that has the node's file system, in a container")
	fs.StringVar(&opts.Conf, "conf", "", "`FILE` with the multus configuration (default the first one of the runtime's)")
	fs.BoolVar(&opts.Fix, "fix", false, "mend what cannot do harm")
	fs.DurationVar(&opts.Limit, "timeout", 15*time.Second, "`TIME` for each check")
	opts.output.flag(cmd, "table or json", "table", "json")
	opts.cluster.flags(cmd)
	return cmd
}

// examine looks at this node.
func examine(ctx context.Context, std streams, opts doctorOptions) error {
	if os.Geteuid() != 0 { // half of what it looks at is root's alone to read: all of that would look wrong
		return errors.New("run it as root on a node, or with --all-nodes wherever kubectl is")
	}
	if opts.root != "" { // from here on all paths are the node's, and plugins find their libraries
		if err := errors.Join(syscall.Chroot(opts.root), os.Chdir("/")); err != nil {
			return fmt.Errorf("--root %s: %w; it takes root, and CAP_SYS_CHROOT", opts.root, err)
		}
	}
	dirs, err := preset(&opts.distribution)
	if err != nil {
		return err
	}
	opts.Preset.ConfDir, opts.Preset.BinDir = dirs.Conf, dirs.Bin
	opts.Collect = func(ctx context.Context, state string, bin []string) (string, error) {
		conf := config.Default()
		conf.CNIDir, conf.BinDir = state, bin
		plugin := newPlugin(nil, conf, newLog(conf.Log, std.err).WithField("verb", "doctor"))
		if opts.onHost {
			_, err := new(onHost).collect(ctx, plugin, "")
			return "the runtime's next command detaches what is stale", err
		}
		finished, err := finish(ctx, plugin, "")
		return fmt.Sprintf("what was stale is detached (%d)", finished), err
	}
	done := progress(std, "looking; each check may take "+opts.Limit.String())
	found := opts.Check(ctx)
	done()
	if err := opts.output.print(std, found, diagnosis(std, found)); err != nil {
		return err
	}
	return verdict(found)
}

// verdict is the exit code.
func verdict(found []doctor.Finding) error {
	if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Level == doctor.Fault }) {
		return exitCode(exitFailed)
	}
	return nil
}

// diagnosis has a line for each finding, or a few where it does not fit, and the cure
// below what is wrong.
func diagnosis(std streams, found []doctor.Finding) []byte {
	var b bytes.Buffer
	count := map[doctor.Level]int{}
	const indent = 26
	for _, f := range found {
		count[f.Level]++
		wrap(&b, width(std.out), fmt.Sprintf("%-8s %-16s ", f.Level, f.Check), flat(f.What))
		if f.Cure != "" {
			wrap(&b, width(std.out), strings.Repeat(" ", indent)+"-> ", flat(f.Cure))
		}
	}
	fmt.Fprintf(&b, "\n%s, %s, %d unknown, %d ok\n", plural(count[doctor.Fault], "fault"),
		plural(count[doctor.Warning], "warning"), count[doctor.Unknown], count[doctor.OK])
	return coloured(std.out, b.Bytes(), map[string]string{
		string(doctor.OK): green, string(doctor.Unknown): cyan, string(doctor.Warning): yellow, string(doctor.Fault): red,
	})
}
