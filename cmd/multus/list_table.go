package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/state"
)

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

// column is one of a table of attachments.
type column struct {
	name string
	of   func(listing, state.Attachment) string
}

// sandboxColumns are the same for all attachments of a sandbox.
func sandboxColumns() []column {
	return []column{
		{"SANDBOX", func(l listing, _ state.Attachment) string { return short(l.Sandbox.ContainerID) }},
		{"POD", func(l listing, _ state.Attachment) string { return podOf(l) }},
		{"AGE", func(l listing, _ state.Attachment) string { return ageOf(l) }},
	}
}

func attachmentColumns() []column {
	return []column{
		{"INTERFACE", func(_ listing, a state.Attachment) string { return a.Interface }},
		{"NETWORK", func(_ listing, a state.Attachment) string { return a.Network }},
		{"STATE", stateOf},
		{"ADDRESSES", func(_ listing, a state.Attachment) string { return strings.Join(addressesOf(a), ",") }},
	}
}

// wideColumns are what a table has with -o wide alone.
func wideColumns() []column {
	return []column{
		{"MAC", func(_ listing, a state.Attachment) string { return macOf(a) }},
		{"PLUGINS", func(_ listing, a state.Attachment) string { return pluginsOf(a.Attachment) }},
		{"CONTAINER", func(l listing, _ state.Attachment) string { return l.Sandbox.ContainerID }},
		{"NETNS", func(l listing, _ state.Attachment) string { return l.Sandbox.NetNS }},
	}
}

// listText is the list in the format that is asked for.
func listText(all []listing, opts listOptions) ([]byte, error) {
	switch {
	case opts.output == "json":
		return indented(all)
	case opts.output == "yaml":
		text, err := indented(all)
		if err != nil {
			return nil, err
		}
		return yaml.JSONToYAML(text)
	case len(all) == 0 && opts.pod != "":
		return []byte("no sandbox of pod " + opts.pod + " is recorded\n"), nil
	case len(all) == 0:
		return []byte("no sandbox is recorded\n"), nil
	case opts.output == "wide":
		return listTable(all, slices.Concat(sandboxColumns(), attachmentColumns(), wideColumns())), nil
	}
	return fitting(all, opts.width), nil
}

// fitting is a table, or blocks where a terminal would be too narrow for it.
func fitting(all []listing, width int) []byte {
	table := listTable(all, append(sandboxColumns(), attachmentColumns()...))
	if widest(table) > width {
		return listBlocks(all, width)
	}
	return table
}

// listTable has a line for each attachment.
func listTable(all []listing, columns []column) []byte {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 2, 0, 2, ' ', 0)
	for i, c := range columns {
		fmt.Fprint(tw, strings.Repeat("\t", min(i, 1)), c.name)
	}
	fmt.Fprintln(tw)
	for _, l := range all {
		for _, a := range l.Attachments {
			for i, c := range columns {
				fmt.Fprint(tw, strings.Repeat("\t", min(i, 1)), cmp.Or(c.of(l, a), "-"))
			}
			fmt.Fprintln(tw)
		}
	}
	_ = tw.Flush() // into memory
	return b.Bytes()
}

// listBlocks has what the table has in a few short lines for each sandbox.
func listBlocks(all []listing, width int) []byte {
	var b bytes.Buffer
	for _, l := range all {
		fmt.Fprintf(&b, "%s  %s  %s\n", short(l.Sandbox.ContainerID), podOf(l), ageOf(l))
		for _, a := range l.Attachments {
			fmt.Fprintf(&b, "  %s: %s, %s\n", a.Interface, a.Network, stateOf(l, a))
			if addresses := addressesOf(a); len(addresses) > 0 {
				wrap(&b, width, "    ", strings.Join(addresses, " "))
			}
		}
	}
	return b.Bytes()
}

// stateOf is how far an attachment got, and whether anybody will come back for it.
func stateOf(l listing, a state.Attachment) string {
	if a.Phase != state.Detached && l.Left != "" {
		return l.Left
	}
	return string(a.Phase)
}

func podOf(l listing) string {
	if l.Pod.IsZero() {
		return "-"
	}
	return l.Pod.String()
}

func ageOf(l listing) string {
	if l.Created.IsZero() {
		return "-"
	}
	return duration.HumanDuration(time.Since(l.Created))
}

// macOf is the hardware address of the attachment's own interface.
func macOf(a state.Attachment) string {
	result, err := delegate.Parse(a.Result)
	if err != nil {
		return ""
	}
	for _, i := range result.Interfaces {
		if i.Name == a.Interface && i.Sandbox != "" {
			return i.Mac
		}
	}
	return ""
}

// short is as much of a container ID as people and runtimes' tools use.
func short(id string) string {
	return id[:min(len(id), 13)]
}
