package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/state"
)

// listOptions are the flags of list.
type listOptions struct {
	state, pod string
	output     output
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
			if strings.Count(opts.pod, "/") > 1 {
				return fmt.Errorf("--pod %q: [NAMESPACE/]NAME is expected", opts.pod)
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(*cobra.Command, []string) error { return list(std, opts) },
	}
	cmd.Flags().StringVar(&opts.state, "state", config.Default().CNIDir, "`DIR` with the records: cniDir of the configuration")
	cmd.Flags().StringVar(&opts.pod, "pod", "", "`[NAMESPACE/]NAME` of the pod to list; without a namespace, of any")
	opts.output.flag(cmd, "table, wide (with container ID, namespace, MACs and plugins), json or yaml", "table", "wide", "json", "yaml")
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
	listed := []listing{}
	for _, rec := range recs {
		if opts.pod == "" || opts.pod == rec.Pod.String() || opts.pod == rec.Pod.Name {
			listed = append(listed, listingOf(dir, rec))
		}
	}
	return errors.Join(opts.output.print(std, listed, listText(listed, opts, width(std.out))), err)
}

// listing is a record, and what is known of its sandbox beside it.
type listing struct {
	state.Record
	// Left is "unfinished" or "stale" where no runtime will come back for the sandbox.
	Left string `json:"left,omitempty"`
}

func listingOf(dir state.Dir, rec state.Record) listing {
	switch {
	case dir.IsUnfinished(rec):
		return listing{rec, "unfinished"}
	case dir.IsStale(rec):
		return listing{rec, "stale"}
	}
	return listing{rec, ""}
}

// listText is the list for people.
func listText(all []listing, opts listOptions, width int) []byte {
	switch {
	case len(all) == 0 && opts.pod != "":
		return []byte("no sandbox of pod " + opts.pod + " is recorded\n")
	case len(all) == 0:
		return []byte("no sandbox is recorded\n")
	case opts.output.format == "wide":
		return listTable(all, true).fitting(math.MaxInt)
	}
	return listTable(all, false).fitting(width)
}

// listTable has a row for each attachment.
func listTable(all []listing, wide bool) *table {
	t := &table{shared: 3, columns: []string{"SANDBOX", "POD", "AGE", "INTERFACE", "NETWORK", "STATE", "ADDRESSES"}}
	if wide {
		t.columns = append(t.columns, "MAC", "PLUGINS", "CONTAINER", "NETNS")
	}
	for _, l := range all {
		for _, a := range l.Attachments {
			mac, addresses := foundOn(a)
			cells := []string{short(l.Sandbox.ContainerID), strings.Trim(l.Pod.String(), "/"), ageOf(l), a.Interface, a.Network, stateOf(l, a), strings.Join(addresses, ",")}
			if wide {
				cells = append(cells, mac, pluginsOf(a.Attachment), l.Sandbox.ContainerID, l.Sandbox.NetNS)
			}
			t.add(cells...)
		}
	}
	return t
}

// stateOf is how far an attachment got, and whether anybody will come back for it.
func stateOf(l listing, a state.Attachment) string {
	if a.Phase != state.Detached && l.Left != "" {
		return l.Left
	}
	return string(a.Phase)
}

func ageOf(l listing) string {
	if l.Created.IsZero() {
		return ""
	}
	return duration.HumanDuration(time.Since(l.Created))
}

// foundOn are the hardware address of an attachment's own interface, and the addresses
// that it got.
func foundOn(a state.Attachment) (mac string, addresses []string) {
	result, _ := delegate.Parse(a.Result) // empty where it never was attached
	for _, i := range result.Interfaces {
		if i.Name == a.Interface && i.Sandbox != "" {
			mac = i.Mac
		}
	}
	for _, ip := range result.IPs {
		addresses = append(addresses, ip.Address.String())
	}
	return mac, addresses
}

// short is as much of a container ID as people and runtimes' tools use.
func short(id string) string {
	return id[:min(len(id), 13)]
}
