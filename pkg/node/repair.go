package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

const (
	// repairAge is how old a pod is before it is taken for one without its networks.
	repairAge = time.Minute
	// maxRepairs is how many pods are deleted in one go: each starts anew somewhere.
	maxRepairs    = 10
	repairTimeout = time.Minute
	repairReason  = "NetworksMissing"
)

// Repairer deals with pods that started before Multus was there, as Options.Repair says.
type Repairer struct {
	Node
	told []string // UIDs of the pods that have their event
}

// Look looks for such pods once. recorded are the sandboxes that Multus has attached.
func (r *Repairer) Look(ctx context.Context, recorded []state.Record) error {
	cluster, name := r.Cluster(), r.NodeName()
	if r.Repair == "" || r.Repair == RepairOff || cluster == nil || name == "" {
		return nil
	}
	defer cluster.Close()
	ctx, cancel := context.WithTimeout(ctx, repairTimeout)
	defer cancel()
	pods, err := cluster.Hosted(ctx, name)
	if err != nil {
		return fmt.Errorf("pods of node %s: %w", name, err)
	}
	attached := map[string]bool{}
	for _, rec := range recorded {
		attached[rec.Pod.UID] = true
	}
	var errs []error
	deleted := 0
	for _, pod := range pods {
		switch {
		case !lacks(pod) || attached[pod.UID] || attached[pod.Annotations[plan.StaticUIDKey]]:
		case r.Repair == RepairDelete && pod.Controlled && deleted < maxRepairs:
			deleted++
			errs = append(errs, r.delete(ctx, cluster, pod))
		case r.Repair == RepairEvent || !pod.Controlled:
			errs = append(errs, r.warn(ctx, cluster, pod))
		}
	}
	return errors.Join(errs...)
}

// lacks tells whether a pod has a network, asked for more, and has nothing that says
// that it got them.
func lacks(pod kube.HostedPod) bool {
	asked := strings.Trim(pod.Annotations[plan.NetworksKey]+pod.Annotations[plan.DefaultNetworkKey], " \t\r\n[]") // of no network: nothing
	_, answered := pod.Annotations[plan.NetworkStatusKey]
	return asked != "" && !answered && pod.Attached && !pod.Since.IsZero() && time.Since(pod.Since) > repairAge
}

func (r *Repairer) delete(ctx context.Context, cluster *kube.Client, pod kube.HostedPod) error {
	log := r.Log.WithFields(logrus.Fields{"pod": pod.String(), "uid": pod.UID})
	switch err := cluster.DeletePod(ctx, pod); {
	case errors.Is(err, plan.ErrNotFound): // it went or changed meanwhile
		return nil
	case err != nil:
		return fmt.Errorf("pod %s: %w", pod, err)
	}
	log.Warn("deleted a pod that had started without the networks it asked for; its controller makes another one")
	return nil
}

func (r *Repairer) warn(ctx context.Context, cluster *kube.Client, pod kube.HostedPod) error {
	if slices.Contains(r.told, pod.UID) {
		return nil
	}
	const text = "The pod started before multus was on this node, and has none of the networks that it asks for. Delete it, so that it starts anew."
	if err := cluster.Warn(ctx, pod.Pod, repairReason, text); err != nil {
		return fmt.Errorf("event for pod %s: %w", pod, err)
	}
	r.told = append(r.told, pod.UID)
	r.Log.WithFields(logrus.Fields{"pod": pod.String(), "uid": pod.UID}).Warn("a pod started without the networks it asked for; delete it, so that it starts anew")
	return nil
}
