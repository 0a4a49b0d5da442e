package node

import (
	"context"
	"time"
)

const (
	taintTimeout = 10 * time.Second
	taintPause   = time.Second     // while the node is not ready, or the server does not answer
	taintRest    = 5 * time.Minute // between two looks at a node without it
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
	told := ""
	for pause := taintPause; ctx.Err() == nil; sleep(ctx, pause) {
		if pause = taintPause; health.Err() != nil {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, taintTimeout)
		removed, err := cluster.RemoveTaint(asking, name, n.Taint)
		cancel()
		switch {
		case err == nil:
			told, pause = "", taintRest
		case err.Error() != told && ctx.Err() == nil:
			told = err.Error()
			n.Log.WithError(err).WithField("taint", n.Taint).Warn("the taint stays on the node; trying again")
		}
		if removed {
			n.Log.WithField("taint", n.Taint).Info("the taint is taken from the node")
		}
	}
}

// sleep pauses as long as the context lasts.
func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
