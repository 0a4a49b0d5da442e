package multus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/metrics"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// Cluster is where pods and their networks are read and their status is written. The
// real ones are kube.Client and manifest.Objects.
type Cluster interface {
	plan.Definitions
	// Pod reads a pod; an error wraps plan.ErrNotFound or plan.ErrUnavailable.
	Pod(ctx context.Context, namespace, name string) (plan.Pod, error)
	// Publish writes the network-status annotation (none where status is nil) and,
	// beside it, an event (none where event is ""). plan.ErrNotFound: the pod is
	// gone, or is another one of the same name by now.
	Publish(ctx context.Context, pod plan.Pod, status []byte, event string) error
	// Check tells whether what leads to the API server is in order, as far as the
	// node itself can tell: it asks nobody.
	Check() error
}

// Plugin answers CNI commands for one configuration, that of its Planner.
type Plugin struct {
	Cluster Cluster      // nil: there is no API server
	Planner plan.Planner // without definitions, which the cluster has
	Runner  delegate.Runner
	State   state.Dir
	Log     *logrus.Entry
	Outcome *metrics.Outcome // what became of each network's part; nil: nobody asks
}

// Connected is the planner with what the cluster defines, where the configuration says
// that there is one.
func (p Plugin) Connected() plan.Planner {
	if p.Planner.Conf.Kubeconfig != "" {
		p.Planner.Definitions = p.Cluster
	}
	return p.Planner
}

// measured runs a network's part of a command, and notes what became of it.
func (p Plugin) measured(command, network string, run func() error) error {
	began := time.Now()
	err := run()
	p.Outcome.Delegated(metrics.Delegated{Network: network, Command: command, Code: Code(err)}, began)
	return err
}

// locked takes the sandbox's lock. The plugin that it returns runs delegates that
// inherit the lock, and so keep the sandbox locked should Multus be killed.
func (p Plugin) locked(ctx context.Context, k state.Key) (Plugin, func(), error) {
	return p.holding(ctx, p.lockWait(), func(ctx context.Context) (*state.Lock, error) { return p.State.Lock(ctx, k) })
}

// lockedAll takes the lock that excludes all other commands. While it waits, they
// wait behind it; so it does not wait for the slowest of those that are at work.
func (p Plugin) lockedAll(ctx context.Context) (Plugin, func(), error) {
	return p.holding(ctx, min(p.lockWait(), lockAllWait), p.State.LockAll)
}

func (p Plugin) holding(ctx context.Context, wait time.Duration, lock func(context.Context) (*state.Lock, error)) (Plugin, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	l, err := lock(ctx)
	if err != nil {
		return p, func() {}, lockError(err)
	}
	p.Runner = p.Runner.Holding(l.File())
	return p, func() {
		if err := l.Unlock(); err != nil {
			p.Log.WithError(err).Warn("lock not released")
		}
	}, nil
}

// lockAllWait is how long GC may keep all others waiting before it begins.
const lockAllWait = 15 * time.Second

// lockError tells a lock that others hold from a state directory that does not work.
func lockError(err error) error {
	switch {
	case errors.Is(err, state.ErrBusy):
		return coded(types.ErrTryAgainLater, err)
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w; multus has to run as root", err)
	}
	return coded(types.ErrIOFailure, err)
}

// lockWait is how long another command may keep us from a sandbox: as long as
// that one could be waiting for readiness or for one delegate.
func (p Plugin) lockWait() time.Duration {
	return max(p.Planner.Conf.DelegateTimeout, p.Planner.Conf.ReadinessTimeout) + p.Planner.Conf.APITimeout
}

// warn logs what is odd but not wrong.
func warn(log *logrus.Entry, warnings []string) {
	for _, w := range warnings {
		log.Warn(w)
	}
}

// logFor is the log entry for one attachment.
func (p Plugin) logFor(a plan.Attachment) *logrus.Entry {
	return p.Log.WithFields(logrus.Fields{"network": a.Network, "interface": a.Interface})
}

// about names the attachment in an error, once.
func about(a plan.Attachment, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", a, err)
}

// unrecorded tells whether the error says that the record does not exist or cannot
// be read, as opposed to a state directory that does not work.
func unrecorded(err error) bool {
	return errors.Is(err, state.ErrNone) || errors.Is(err, state.ErrUnreadable)
}
