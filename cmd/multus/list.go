package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/state"
)

func listCommand(std streams) *cobra.Command {
	var dir, output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the sandboxes and attachments recorded on this node",
		Long: `Lists the sandboxes and attachments recorded on this node. Records that an older
Multus left are listed as well.`,
		Example: "  multus list\n  multus list -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o %q: table or json is expected", output)
			}
			return noArguments(cmd, args)
		},
		RunE: func(*cobra.Command, []string) error { return list(std, state.Dir(dir), output) },
	}
	cmd.Flags().StringVar(&dir, "state", config.Default().CNIDir, "`DIR` with the records: cniDir of the configuration")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`FORMAT`: table or json")
	formats(cmd, "table", "json")
	return cmd
}

func list(std streams, dir state.Dir, output string) error {
	recs, err := dir.List()
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w; run it as root", err)
	}
	if err != nil && len(recs) == 0 {
		return err
	}
	return errors.Join(showRecords(std, recs, output), err)
}

func showRecords(std streams, recs []state.Record, output string) error {
	if output == "json" {
		return listJSON(std, recs)
	}
	return listTable(std, recs)
}

func listJSON(std streams, recs []state.Record) error {
	if recs == nil {
		recs = []state.Record{}
	}
	enc := json.NewEncoder(std.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(recs)
}

func listTable(std streams, recs []state.Record) error {
	if len(recs) == 0 {
		_, err := fmt.Fprintln(std.out, "no sandbox is recorded")
		return err
	}
	tw := tabwriter.NewWriter(std.out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SANDBOX\tPOD\tINTERFACE\tNETWORK\tSTATE\tAGE")
	for _, rec := range recs {
		pod, age := "-", "-"
		if !rec.Pod.IsZero() {
			pod = rec.Pod.String()
		}
		if !rec.Created.IsZero() {
			age = time.Since(rec.Created).Truncate(time.Second).String()
		}
		for _, a := range rec.Attachments {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", short(rec.Sandbox.ContainerID), pod, a.Interface, a.Network, a.Phase, age)
		}
	}
	return tw.Flush()
}

// short is as much of a container ID as people and runtimes' tools use.
func short(id string) string {
	return id[:min(len(id), 13)]
}
