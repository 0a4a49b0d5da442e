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
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/state"
)

// addChanges adds what has changed since the pods were attached, where this node has
// their records.
func addChanges(std streams, all []explanation, dir state.Dir) {
	records, err := dir.List()
	if err != nil {
		std.warn("what has changed since pods were attached is not known in full: " + flat(err.Error()))
	}
	for i, e := range all {
		for _, rec := range records {
			if e.Pod.UID != "" && rec.Pod.UID == e.Pod.UID && len(e.Faults) == 0 {
				all[i].Changes = append(all[i].Changes, changes(rec, e.Attachments)...)
			}
		}
	}
}

// changes are what a pod would get otherwise than it has it, a line each.
func changes(rec state.Record, now []plan.Attachment) []string {
	var lines []string
	recorded := map[string]state.Attachment{}
	for _, a := range rec.Attachments {
		recorded[a.Interface] = a
	}
	for _, a := range now {
		was, known := recorded[a.Interface]
		delete(recorded, a.Interface)
		switch {
		case !known:
			lines = append(lines, fmt.Sprintf("%s (%s) is new", a.Interface, a.Network))
		case was.Network != a.Network:
			lines = append(lines, fmt.Sprintf("%s is of %s instead of %s", a.Interface, a.Network, was.Network))
		default:
			for _, what := range differences(ofPod(was.Attachment, rec.Sandbox, a), ofPod(a, plan.Sandbox{}, a)) {
				lines = append(lines, fmt.Sprintf("%s (%s): %s", a.Interface, a.Network, what))
			}
		}
	}
	for _, a := range rec.Attachments {
		if _, gone := recorded[a.Interface]; gone {
			lines = append(lines, fmt.Sprintf("%s (%s) is gone", a.Interface, a.Network))
		}
	}
	return lines
}

// ofPod is an attachment without what the runtime gave to it, and without what is of
// its sandbox alone: the plan now is made outside any sandbox.
func ofPod(a plan.Attachment, sb plan.Sandbox, now plan.Attachment) plan.Attachment {
	a.Args = strings.TrimPrefix(strings.TrimPrefix(a.Args, sb.Args), ";")
	a.RuntimeConfig = maps.Clone(a.RuntimeConfig)
	maps.DeleteFunc(a.RuntimeConfig, func(capability string, value json.RawMessage) bool {
		_, still := now.RuntimeConfig[capability]
		return a.Master && !still || a.DeviceInfoFile != "" && bytes.Equal(value, rawjson.Quote(a.DeviceInfoFile))
	})
	return a
}

// differing are the keys in which two configurations of a plugin differ.
func differing(was, now netconf.Plugin) []string {
	before, _ := rawjson.Nested(was.JSON()) // both were read before
	after, _ := rawjson.Nested(now.JSON())
	var keys []string
	for _, m := range append(after.Members(), before.Members()...) {
		then, was := before.Value(m.Key)
		value, is := after.Value(m.Key)
		if (was != is || !bytes.Equal(then, value)) && !slices.Contains(keys, m.Key) {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

func orNothing(requests []string) string { return cmp.Or(strings.Join(requests, ", "), "nothing") }

// differences are what two attachments of one network differ in.
func differences(was, now plan.Attachment) []string {
	var found []string
	before, after := was.Config.Plugins(), now.Config.Plugins()
	if len(before) != len(after) {
		return []string{fmt.Sprintf("it has %d plugins instead of %d", len(after), len(before))}
	}
	for i := range after {
		for _, key := range differing(before[i], after[i]) {
			found = append(found, fmt.Sprintf("%s of %s has changed", key, after[i].Type()))
		}
	}
	if then, new := requestsOf(was), requestsOf(now); !slices.Equal(then, new) {
		found = append(found, fmt.Sprintf("asks for %s instead of %s", orNothing(new), orNothing(then)))
	}
	return found
}
