package node

import (
	"context"
	"fmt"
	"time"
)

const (
	taintPause = time.Second     // while the node is not ready
	taintRest  = 5 * time.Minute // between two looks at a node without it
)

// removeTaint takes the taint from the node whenever the node is ready, and never puts
// it on: who wants it has the kubelet register its node with it.
func (n Node) removeTaint(ctx context.Context, health *Health) {
	cluster, name := n.Cluster(), n.NodeName()
	if cluster == nil || name == "" {
		n.Log.Warn("the taint stays on the node: there is no API server to ask, or the node's name is not known; see --node-name")
		return
	}
	defer cluster.Close()
	n.repeat(ctx, nil, func(ctx context.Context) (time.Duration, error) {
		if health.Err() != nil {
			return taintPause, nil
		}
		removed, err := cluster.RemoveTaint(ctx, name, n.Taint)
		if err != nil {
			return 0, fmt.Errorf("the taint %s stays on the node: %w", n.Taint, err)
		}
		if removed {
			n.Log.WithField("taint", n.Taint).Info("the taint is taken from the node")
		}
		return taintRest, nil
	})
}
