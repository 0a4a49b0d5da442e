package multus

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// readinessPause is the time between two looks for the readiness file.
const readinessPause = 100 * time.Millisecond

// awaitReady waits until the readiness file is there, at most readinessTimeout.
func (p Plugin) awaitReady(ctx context.Context) error {
	missing := p.isReady()
	if missing == nil {
		return nil
	}
	p.Log.WithField("file", p.Planner.Conf.ReadinessFile).Info("waiting for the default network")
	limit := p.Planner.Conf.ReadinessTimeout
	ready := func(context.Context) (bool, error) { return p.isReady() == nil, nil }
	err := wait.PollUntilContextTimeout(ctx, readinessPause, limit, false, ready)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return coded(types.ErrTryAgainLater, fmt.Errorf("%w; interrupted: %w", missing, context.Cause(ctx)))
	}
	return coded(types.ErrTryAgainLater, fmt.Errorf("%w; waited %s: is the default network's own DaemonSet running on this node?", missing, limit))
}

// isReady looks for the readiness file once.
func (p Plugin) isReady() error {
	if p.Planner.Conf.ReadinessFile == "" {
		return nil
	}
	if _, err := os.Stat(p.Planner.Conf.ReadinessFile); err != nil {
		return fmt.Errorf("readinessIndicatorFile: the default network is not ready: %w", err)
	}
	return nil
}
