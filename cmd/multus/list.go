package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/state"
)

// listOptions are the flags of list.
type listOptions struct {
	state, pod, output string
	width              int // of the terminal
}

func listCommand(std streams) *cobra.Command {
	var opts listOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the sandboxes and attachments recorded on this node",
		Long: `Lists the sandboxes and attachments recorded on this node. Records that an older
Multus left are listed as well. STATE is how far an attachment got:

  attaching   being attached, or multus was killed while it was
  attached    done
  detached    taken away again; others of its sandbox are not yet
  unfinished  its DEL or roll-back failed; the next ADD or DEL of the pod, and
              "multus gc", finish it
  stale       its network namespace is gone; "multus gc" detaches it`,
		Example: "  multus list\n  multus list --pod shop/web-0 -o wide\n  multus list -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if outputs := []string{"table", "wide", "json", "yaml"}; !slices.Contains(outputs, opts.output) {
				return fmt.Errorf("-o %q: table, wide, json or yaml is expected", opts.output)
			}
			if strings.Count(opts.pod, "/") > 1 {
				return fmt.Errorf("--pod %q: [NAMESPACE/]NAME is expected", opts.pod)
			}
			return noArguments(cmd, args)
		},
		RunE: func(*cobra.Command, []string) error { return list(std, opts) },
	}
	cmd.Flags().StringVar(&opts.state, "state", config.Default().CNIDir, "`DIR` with the records: cniDir of the configuration")
	cmd.Flags().StringVar(&opts.pod, "pod", "", "`[NAMESPACE/]NAME` of the pod to list; without a namespace, of any")
	cmd.Flags().StringVarP(&opts.output, "output", "o", "table", "`FORMAT`: table, wide (with container ID, namespace, MACs and plugins), json or yaml")
	formats(cmd, "table", "wide", "json", "yaml")
	return cmd
}

func list(std streams, opts listOptions) error {
	dir := state.Dir(opts.state)
	recs, err := dir.List()
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w; run it as root", err)
	}
	if err != nil && len(recs) == 0 {
		return err
	}
	listed := make([]listing, 0, len(recs))
	for _, rec := range recs {
		if namesPod(opts.pod, rec) {
			listed = append(listed, listingOf(dir, rec))
		}
	}
	opts.width = width(std.out)
	text, failed := listText(listed, opts)
	if failed == nil {
		_, failed = std.out.Write(text)
	}
	return errors.Join(failed, err)
}

// namesPod tells whether a record is of the pod that is asked for.
func namesPod(wanted string, rec state.Record) bool {
	return wanted == "" || wanted == rec.Pod.String() || !strings.Contains(wanted, "/") && wanted == rec.Pod.Name
}
