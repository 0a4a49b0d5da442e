package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// show prints what was explained. Faults and warnings are part of it.
func show(std streams, opts explainOptions, all []explanation) error {
	text, err := explainText(all, opts), error(nil)
	if opts.output == "json" || opts.output == "yaml" {
		text, err = explainData(all)
	}
	if err == nil && opts.output == "yaml" {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		return err
	}
	if opts.output == "table" || opts.output == "wide" {
		text = coloured(std.out, text, map[string]string{"  fault:": red, "  warning:": yellow, "  changed since it was attached:": cyan})
	}
	_, err = std.out.Write(text)
	return err
}

// faults are why the pod would not start.
func (e explanation) faults() []string {
	var all []string
	for _, f := range fault.All(e.err) {
		all = append(all, flat(f.Error()))
	}
	return all
}

// explainData is a JSON list with an object for each pod.
func explainData(all []explanation) ([]byte, error) {
	type podPlan struct {
		Pod         plan.Pod          `json:"pod"`
		Attachments []plan.Attachment `json:"attachments"`
		Warnings    []string          `json:"warnings,omitempty"`
		Faults      []string          `json:"faults,omitempty"`
		Changes     []string          `json:"changes,omitempty"`
	}
	pods := make([]podPlan, 0, len(all))
	for _, e := range all {
		attachments := e.plan.Attachments
		if attachments == nil {
			attachments = []plan.Attachment{}
		}
		pods = append(pods, podPlan{e.pod, attachments, e.plan.Warnings, e.faults(), e.changes})
	}
	return indented(pods)
}

// explainText has a paragraph for each pod.
func explainText(all []explanation, opts explainOptions) []byte {
	var b bytes.Buffer
	for i, e := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		verdict := ""
		if e.err != nil {
			verdict = ": would not start"
		}
		fmt.Fprintf(&b, "pod %s%s\n", e.pod, verdict)
		for _, f := range e.faults() {
			fmt.Fprintln(&b, "  fault:", f)
		}
		table := e.table()
		if opts.output != "wide" && widest(table) > opts.width {
			table = e.blocks(opts.width)
		}
		b.Write(table)
		for _, w := range e.plan.Warnings {
			fmt.Fprintln(&b, "  warning:", w)
		}
		for _, c := range e.changes {
			fmt.Fprintln(&b, "  changed since it was attached:", c)
		}
		if opts.showConfig {
			e.configs(&b)
		}
	}
	return b.Bytes()
}

func widest(text []byte) int {
	most := 0
	for line := range bytes.Lines(text) {
		most = max(most, utf8.RuneCount(bytes.TrimRight(line, "\n")))
	}
	return most
}

// table has a line for each interface; nothing for a pod that would not start.
func (e explanation) table() []byte {
	var b bytes.Buffer
	if len(e.plan.Attachments) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "  INTERFACE\tNETWORK\tPLUGINS\tREQUESTS\tCONFIGURATION\tREASON")
	for _, a := range e.plan.Attachments {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\t%s\t%s\n",
			a.Interface, a.Network, pluginsOf(a), cmp.Or(strings.Join(requestsOf(a), ", "), "-"), originOf(a), a.Reason)
	}
	_ = tw.Flush() // into memory
	return b.Bytes()
}

// blocks has what the table has in a few short lines for each interface.
func (e explanation) blocks(width int) []byte {
	var b bytes.Buffer
	for _, a := range e.plan.Attachments {
		fmt.Fprintf(&b, "  %s: %s\n", a.Interface, a.Network)
		for _, row := range [][2]string{
			{"plugins", pluginsOf(a)}, {"requests", strings.Join(requestsOf(a), ", ")}, {"from", originOf(a)}, {"reason", a.Reason},
		} {
			if row[1] != "" {
				wrap(&b, width, fmt.Sprintf("    %-10s", row[0]), row[1])
			}
		}
	}
	return b.Bytes()
}

// wrap writes a text behind a label, in lines that are no longer than a terminal
// is wide. Words that are longer, such as lists in JSON, are broken behind commas.
func wrap(b *bytes.Buffer, width int, label, text string) {
	line := label
	add := func(space, part string) {
		switch {
		case len(line) == len(label):
			space = ""
		case len(line)+len(space)+len(part) > width:
			fmt.Fprintln(b, line)
			line, space = strings.Repeat(" ", len(label)), ""
		}
		line += space + part
	}
	for _, word := range strings.Fields(text) {
		if len(label)+len(word) <= width {
			add(" ", word)
			continue
		}
		space := " "
		for part := range strings.SplitAfterSeq(word, ",") {
			add(space, part)
			space = ""
		}
	}
	fmt.Fprintln(b, line)
}

// configs are what the plugins read.
func (e explanation) configs(b *bytes.Buffer) {
	for _, a := range e.plan.Attachments {
		for i, p := range a.Config.Plugins() {
			more := ""
			if i > 0 {
				more = ", and the result of the plugin before it as prevResult"
			}
			fmt.Fprintf(b, "  %s, %s%s:\n    %s\n", a.Interface, p.Type(), more, a.Config.Stdin(p, netconf.Request{RuntimeConfig: a.RuntimeConfig}))
		}
	}
}

func pluginsOf(a plan.Attachment) string {
	var types []string
	for _, p := range a.Config.Plugins() {
		types = append(types, p.Type())
	}
	return strings.Join(types, ",")
}

// originOf says where the configuration is from; what has the network's own name
// need not repeat it.
func originOf(a plan.Attachment) string { return strings.Replace(a.Source, " "+a.Network, "", 1) }

// requestsOf are what the plugins are asked for beside the network itself.
func requestsOf(a plan.Attachment) []string {
	var requests []string
	for _, capability := range slices.Sorted(maps.Keys(a.RuntimeConfig)) {
		requests = append(requests, capability+" "+string(a.RuntimeConfig[capability]))
	}
	if a.Args != "" {
		requests = append(requests, "CNI_ARGS "+a.Args)
	}
	if args := cniArgsOf(a); args != "" {
		requests = append(requests, "args.cni "+args)
	}
	if a.Device != nil {
		requests = append(requests, fmt.Sprintf("device %s of %s", cmp.Or(a.Device.ID, "none"), a.Device.Resource))
	}
	if a.DefaultRoute != nil {
		route := "the default route"
		if len(a.DefaultRoute.Gateways) > 0 {
			route += " via " + strings.Join(a.DefaultRoute.Gateways, ", ")
		}
		requests = append(requests, route)
	}
	return requests
}

// cniArgsOf is what the plugins read as args.cni: the network's own, and on top of it
// the cni-args of the annotation.
func cniArgsOf(a plan.Attachment) string {
	o, _ := rawjson.Nested(a.Config.Plugins()[0].JSON()) // was read before
	args, _ := o.Value("args")
	inner, _ := rawjson.Nested(args) // empty where it is no object
	cni, _ := inner.Value("cni")
	return string(cni)
}
