package multus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// Cluster is where pods are read and their status is written. The real ones are
// kube.Client and manifest.Objects.
type Cluster interface {
	// Pod reads a pod; an error wraps plan.ErrNotFound or plan.ErrUnavailable.
	Pod(ctx context.Context, namespace, name string) (plan.Pod, error)
	// Publish writes the network-status annotation (none where status is nil) and,
	// beside it, an event (none where event is ""). plan.ErrNotFound: the pod is
	// gone, or is another one of the same name by now.
	Publish(ctx context.Context, pod plan.Pod, status []byte, event string) error
	// Ready tells whether the API server answers; one try.
	Ready(ctx context.Context) error
}

// Plugin answers CNI commands for one configuration.
type Plugin struct {
	Conf    config.Config
	Cluster Cluster // nil: there is no API server
	Planner plan.Planner
	Runner  delegate.Runner
	State   state.Dir
	Log     *logrus.Entry
	// Held is told of the lock while one is held, so that the plugins started
	// meanwhile inherit it and keep the sandbox locked should Multus be killed.
	// nil: nobody wants to know.
	Held func(*state.Lock)
}

// lock takes the sandbox's lock and returns what releases it.
func (p Plugin) lock(ctx context.Context, sb plan.Sandbox) (func(), error) {
	wait, cancel := context.WithTimeout(ctx, p.lockWait())
	defer cancel()
	l, err := p.State.Lock(wait, state.KeyOf(sb))
	return p.held(l), lockError(err)
}

// lockAll takes the lock that excludes all other commands. While it waits, they
// wait behind it; so it does not wait for the slowest of those that are at work.
func (p Plugin) lockAll(ctx context.Context) (func(), error) {
	wait, cancel := context.WithTimeout(ctx, min(p.lockWait(), lockAllWait))
	defer cancel()
	l, err := p.State.LockAll(wait)
	return p.held(l), lockError(err)
}

// lockAllWait is how long GC may keep all others waiting before it begins.
const lockAllWait = 15 * time.Second

// lockError tells a lock that others hold from a state folder that does not work.
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
	return max(p.Conf.DelegateTimeout, p.Conf.ReadinessTimeout) + p.Conf.APITimeout
}

func (p Plugin) held(l *state.Lock) (release func()) {
	if l == nil {
		return func() {}
	}
	if p.Held != nil {
		p.Held(l)
	}
	return func() {
		if p.Held != nil {
			p.Held(nil)
		}
		if err := l.Unlock(); err != nil {
			p.Log.WithError(err).Warn("lock not released")
		}
	}
}

// at is the log entry for one attachment.
func (p Plugin) at(a plan.Attachment) *logrus.Entry {
	return p.Log.WithFields(logrus.Fields{"network": a.Network, "interface": a.Interface})
}

// of names the attachment in an error, once.
func of(a plan.Attachment, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", a, err)
}

// unknown tells whether the error says that the record does not exist or cannot
// be read, as opposed to a state folder that does not work.
func unknown(err error) bool {
	return errors.Is(err, state.ErrNone) || errors.Is(err, state.ErrUnreadable)
}
