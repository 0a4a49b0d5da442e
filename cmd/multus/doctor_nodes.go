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

	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/doctor"
)

// clusterOptions are the flags of doctor for all nodes.
type clusterOptions struct {
	all                           bool
	selector, kubeconfig, context string
}

func (o *clusterOptions) flags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.all, "all-nodes", false, "look at every node, through kubectl and the pods of multus's DaemonSet")
	fs.StringVar(&o.selector, "selector", "app.kubernetes.io/name=multus", "`LABELS` of the DaemonSet's pods, with --all-nodes")
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "`FILE` for kubectl, with --all-nodes (default kubectl's own)")
	fs.StringVar(&o.context, "context", "", "`NAME` of the context for kubectl, with --all-nodes")
}

// check refuses flags that say something about one node where all are meant.
func (o *clusterOptions) check(fs *pflag.FlagSet) error {
	if !o.all {
		return nil
	}
	for _, name := range []string{"root", "conf"} {
		if fs.Changed(name) {
			return fmt.Errorf("--%s: says nothing of all nodes", name)
		}
	}
	return nil
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
	defer progress(std, fmt.Sprintf("asking %d nodes", len(nodes)))()
	answers := make([]chan []doctor.Finding, len(nodes))
	free := make(chan struct{}, nodesAtOnce)
	for i, n := range nodes {
		answers[i] = make(chan []doctor.Finding, 1)
		go func() {
			free <- struct{}{}
			answers[i] <- opts.askNode(ctx, n)
			<-free
		}()
	}
	var all []doctor.Finding
	for i := range nodes {
		n := &nodes[i]
		n.Findings = <-answers[i]
		all = append(all, n.Findings...)
		if opts.output == "table" {
			fmt.Fprintf(std.out, "node %s (pod %s/%s)\n%s\n", n.Node, n.Namespace, n.Pod, diagnosis(std, n.Findings))
		}
	}
	if opts.output == "json" {
		text, err := indented(nodes)
		if err == nil {
			_, err = std.out.Write(text)
		}
		if err != nil {
			return err
		}
	}
	return verdict(all)
}

// pods are those of the DaemonSet, by node.
func (o clusterOptions) pods(ctx context.Context) ([]nodeFindings, error) {
	out, err := o.kubectl(ctx, "get", "pods", "--all-namespaces", "--selector", o.selector, "--output", "json")
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name, Namespace string }
			Spec     struct{ NodeName string }
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("kubectl get pods: %w", err)
	}
	var nodes []nodeFindings
	for _, pod := range list.Items {
		nodes = append(nodes, nodeFindings{Node: pod.Spec.NodeName, Pod: pod.Metadata.Name, Namespace: pod.Metadata.Namespace})
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no pods with the labels %s: apply multus's DaemonSet, or name its labels with --selector", o.selector)
	}
	slices.SortFunc(nodes, func(a, b nodeFindings) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), strings.Compare(a.Pod, b.Pod))
	})
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
	out, err := o.cluster.kubectl(ctx, args...)
	if json.Unmarshal(out, &found) == nil && len(found) > 0 { // with faults it exits with 1
		return found
	}
	return []doctor.Finding{{Check: "pod", Level: doctor.Fault, What: fmt.Sprintf("multus doctor gave no answer there: %v", cmp.Or(err, errors.New("no findings"))),
		Cure: "see the pod's state and log, and whether its image is of this version"}}
}

// kubectl runs it; its error has what it said.
func (o clusterOptions) kubectl(ctx context.Context, args ...string) ([]byte, error) {
	var more []string
	if o.kubeconfig != "" {
		more = append(more, "--kubeconfig", o.kubeconfig)
	}
	if o.context != "" {
		more = append(more, "--context", o.context)
	}
	cmd := exec.CommandContext(ctx, "kubectl", append(more, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case err != nil && said.Len() > 0:
		err = fmt.Errorf("kubectl %s: %w: %s", args[0], err, flat(said.String()))
	case err != nil:
		err = fmt.Errorf("kubectl %s: %w", args[0], err)
	}
	return out, err
}
