package multus

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/containernetworking/cni/pkg/types"
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
	wait, cancel := context.WithTimeout(ctx, p.Planner.Conf.ReadinessTimeout)
	defer cancel()
	tick := time.NewTicker(readinessPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return coded(types.ErrTryAgainLater, fmt.Errorf("%w; interrupted: %w", missing, context.Cause(ctx)))
		case <-wait.Done():
			return coded(types.ErrTryAgainLater, fmt.Errorf("%w; waited %s: is the default network's own DaemonSet running on this node?", missing, p.Planner.Conf.ReadinessTimeout))
		case <-tick.C:
			if p.isReady() == nil {
				return nil
			}
		}
	}
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
