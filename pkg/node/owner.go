package node

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/plan"
)

// ownerTimeout is for all questions on exit.
const ownerTimeout = 5 * time.Second

// Owner is the DaemonSet that the installer runs in. A pod is told to end in the same
// way whether a newer one is to follow it, the node reboots or Multus is to go; only
// the DaemonSet tells.
type Owner struct {
	node Node
	set  plan.Ref
	// wanted tells that the DaemonSet was there and wanted this node once.
	wanted atomic.Bool
}

// Owner is the one of this node.
func (n Node) Owner() *Owner {
	own, _ := n.account("namespace") // without one nothing is asked
	return &Owner{node: n, set: plan.Ref{Namespace: cmp.Or(n.API.Namespace, strings.TrimSpace(string(own))), Name: n.API.DaemonSet}}
}

// Greet asks, until there is an answer, whether the DaemonSet is there at all: of one
// that never was nothing follows when it is not there later.
func (o *Owner) Greet(ctx context.Context) {
	cluster := o.node.Cluster()
	if cluster == nil || o.set.Name == "" || o.set.Namespace == "" {
		return
	}
	defer cluster.Close()
	ctx, answered := context.WithCancel(ctx)
	defer answered()
	o.node.repeat(ctx, nil, func(ctx context.Context) (time.Duration, error) {
		wanted, err := cluster.Wants(ctx, o.set, o.node.NodeName())
		if err != nil && !errors.Is(err, kube.ErrDenied) {
			return 0, err
		}
		answered()
		if !wanted {
			o.node.Log.WithError(err).WithField("daemonSet", o.set.String()).Warn("multus stays on this node whatever becomes of the DaemonSet: it is not there, or may not be asked for; see --daemonset and --namespace")
		}
		o.wanted.Store(wanted)
		return 0, nil
	})
}

// Gone tells whether the DaemonSet wants this node no more: it wanted it, and is not
// there any more, is being deleted, or does not select the node. Where the API server
// does not answer, it may still be wanted. Where it denies what it has answered before,
// the account went together with the DaemonSet.
func (o *Owner) Gone(ctx context.Context) bool {
	if !o.wanted.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	cluster := o.node.Cluster()
	defer cluster.Close()
	const tries, pause = 3, 500 * time.Millisecond
	for range tries {
		wanted, err := cluster.Wants(ctx, o.set, o.node.NodeName())
		if err == nil {
			return !wanted
		}
		if !errors.Is(err, kube.ErrDenied) {
			o.node.Log.WithError(err).Warn("whether multus is still wanted is not known; everything stays")
			return false
		}
		sleep(ctx, pause)
	}
	return true
}
