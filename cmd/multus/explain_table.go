package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// explainText has a paragraph for each pod.
func explainText(all []explanation, width int, showConfig bool) []byte {
	var b bytes.Buffer
	for i, e := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		verdict := ""
		if len(e.Faults) > 0 {
			verdict = ": would not start"
		}
		fmt.Fprintf(&b, "pod %s%s\n", e.Pod, verdict)
		lines(&b, "  fault:", e.Faults)
		t := table{indent: "  ", columns: []string{"INTERFACE", "NETWORK", "PLUGINS", "REQUESTS", "FROM", "REASON"}}
		for _, a := range e.Attachments {
			t.add(a.Interface, a.Network, pluginsOf(a), strings.Join(requestsOf(a), ", "), originOf(a), a.Reason)
		}
		b.Write(t.fitting(width))
		lines(&b, "  warning:", e.Warnings)
		lines(&b, "  changed since it was attached:", e.Changes)
		if showConfig {
			e.configs(&b)
		}
	}
	return b.Bytes()
}

// lines has a line for each text.
func lines(b *bytes.Buffer, label string, texts []string) {
	for _, text := range texts {
		fmt.Fprintln(b, label, text)
	}
}

// configs are what the plugins read.
func (e explanation) configs(b *bytes.Buffer) {
	for _, a := range e.Attachments {
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
	var first struct {
		Args struct {
			CNI json.RawMessage `json:"cni"`
		} `json:"args"`
	}
	_ = json.Unmarshal(a.Config.Plugins()[0].JSON(), &first) // was read before; args may be no object
	return string(first.Args.CNI)
}
