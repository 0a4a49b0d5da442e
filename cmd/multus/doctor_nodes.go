package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/workqueue"

	"github.com/multus-cni/multus/pkg/doctor"
)

// clusterOptions are the flags of doctor for all nodes.
type clusterOptions struct {
	all      bool
	selector string
	kubectl  []string // its own flags
}

func (o *clusterOptions) flags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&o.all, "all-nodes", false, "look at every node, through kubectl and the pods of multus's DaemonSet")
	fs.StringVar(&o.selector, "selector", "app.kubernetes.io/name=multus", "`LABELS` of the DaemonSet's pods, with --all-nodes")
	handOn := func(flag, usage string) {
		fs.Func(flag, usage, func(value string) error {
			o.kubectl = append(o.kubectl, "--"+flag, value)
			return nil
		})
	}
	handOn("kubeconfig", "`FILE` for kubectl, with --all-nodes (default kubectl's own)")
	handOn("context", "`NAME` of the context for kubectl, with --all-nodes")
	cmd.MarkFlagsMutuallyExclusive("all-nodes", "root") // which says nothing of all nodes
	cmd.MarkFlagsMutuallyExclusive("all-nodes", "conf")
}

// nodeFindings are what is found on a node.
type nodeFindings struct {
	Node      string           `json:"node"`
	Namespace string           `json:"namespace"`
	Pod       string           `json:"pod"`
	Findings  []doctor.Finding `json:"findings"`
}

// nodesAtOnce are asked at one time.
const nodesAtOnce = 8

// doctorAll runs doctor in each pod of the DaemonSet. It leaves that to kubectl: with
// the credentials of whoever runs it, and without the megabytes that it takes.
func doctorAll(ctx context.Context, std streams, opts doctorOptions) error {
	nodes, err := opts.cluster.pods(ctx)
	if err != nil {
		return err
	}
	done := progress(std, fmt.Sprintf("asking %d nodes", len(nodes)))
	workqueue.ParallelizeUntil(context.WithoutCancel(ctx), nodesAtOnce, len(nodes), func(i int) {
		nodes[i].Findings = opts.askNode(ctx, nodes[i])
	})
	done()
	var all []doctor.Finding
	var text bytes.Buffer
	for _, n := range nodes {
		all = append(all, n.Findings...)
		fmt.Fprintf(&text, "node %s (pod %s/%s)\n%s\n", n.Node, n.Namespace, n.Pod, diagnosis(std, n.Findings))
	}
	if err := opts.output.print(std, nodes, text.Bytes()); err != nil {
		return err
	}
	return verdict(all)
}

// pods are those of the DaemonSet, by node.
func (o clusterOptions) pods(ctx context.Context) ([]nodeFindings, error) {
	out, err := o.run(ctx, "get", "pods", "--all-namespaces", "--selector", o.selector, "--no-headers",
		"--output", "custom-columns=:.spec.nodeName,:.metadata.namespace,:.metadata.name")
	if err != nil {
		return nil, err
	}
	var nodes []nodeFindings
	for _, line := range slices.Sorted(strings.Lines(string(out))) {
		if cells := strings.Fields(line); len(cells) == 3 {
			nodes = append(nodes, nodeFindings{Node: cells[0], Namespace: cells[1], Pod: cells[2]})
		}
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no pods with the labels %s: apply multus's DaemonSet, or name its labels with --selector", o.selector)
	}
	return nodes, nil
}

// askNode is what doctor says in a pod. That it cannot be asked is a fault of the node.
func (o doctorOptions) askNode(ctx context.Context, n nodeFindings) []doctor.Finding {
	args := []string{"exec", "--namespace", n.Namespace, n.Pod, "--", "/multus", "doctor", "--output", "json", "--timeout", o.Limit.String()}
	if o.Fix {
		args = append(args, "--fix")
	}
	if o.ConfDir != "" {
		args = append(args, "--cni-conf-dir", o.ConfDir)
	}
	for _, dir := range o.BinDirs {
		args = append(args, "--cni-bin-dir", dir)
	}
	var found []doctor.Finding
	out, err := o.cluster.run(ctx, args...)
	if json.Unmarshal(out, &found) == nil && len(found) > 0 { // with faults it exits with 1
		return found
	}
	return []doctor.Finding{{Check: "pod", Level: doctor.Fault, What: fmt.Sprintf("multus doctor gave no answer there: %v", cmp.Or(err, errors.New("no findings"))),
		Cure: "see the pod's state and log, and whether its image is of this version"}}
}

// run runs kubectl; its error has what that said.
func (o clusterOptions) run(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "kubectl", slices.Concat(o.kubectl, args)...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w: %s", err, flat(string(exit.Stderr)))
	}
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w", args[0], err)
	}
	return out, err
}
