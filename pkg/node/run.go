package node

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long changes are gathered before the node is looked at again.
	settle = 100 * time.Millisecond
	// fightRounds rewrites of the configuration within fightTime are a fight with
	// another agent; from then on the node is looked at once in fightPause.
	fightRounds = 5
	fightTime   = time.Minute
	fightPause  = 30 * time.Second
)

// ErrFight says that something else removes or replaces the configuration again and
// again.
var ErrFight = errors.New("another agent keeps taking the configuration away; for Cilium set cni.exclusive=false in its Helm values, " +
	"and look for a second multus DaemonSet")

// Health is how the node is: what the last look at it ended with. It may be asked at
// any time.
type Health struct{ last atomic.Pointer[error] }

// Err is nil where the node is ready.
func (h *Health) Err() error {
	last := h.last.Load()
	if last == nil {
		return errors.New("the node has not been looked at yet")
	}
	return *last
}

func (h *Health) set(err error) { h.last.Store(&err) }

// Run keeps the node as it should be until the context ends: it reconciles at once,
// then whenever a file of the directories changes, and after each Poll whatever
// happens. Failures are told to the health and tried again.
func (n Node) Run(ctx context.Context, health *Health) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	fight := fight{path: n.confPath()}
	for ctx.Err() == nil {
		n.watch(watcher) // before looking: what changes meanwhile is seen
		report, err := n.Reconcile()
		pause := n.Poll
		if fight.noticed(report, time.Now()) {
			err, pause = errors.Join(err, ErrFight), fightPause
		}
		if err != nil {
			n.Log.WithError(err).Warn("the node is not ready")
		} else if health.Err() != nil {
			n.Log.WithField("defaultNetwork", report.DefaultNetwork).Info("the node is ready")
		}
		health.set(err)
		n.wait(ctx, watcher, pause)
	}
	return nil
}

// watch watches all directories, those too that have come or were replaced since.
func (n Node) watch(watcher *fsnotify.Watcher) {
	dirs := n.dirs()
	if n.API.Server != "" {
		dirs = append(dirs, n.API.Account)
	}
	for _, dir := range dirs {
		_ = os.MkdirAll(dir, 0o755) // Reconcile tells what is wrong with it
		if err := watcher.Add(dir); err != nil {
			n.Log.WithError(err).WithField("directory", dir).Debug("not watched; the poll looks at it")
		}
	}
}

// wait waits for a change, and then until changes have settled, or for the pause. In
// a fight, whose pause is longer than fightTime allows, changes are not listened to.
func (n Node) wait(ctx context.Context, watcher *fsnotify.Watcher, pause time.Duration) {
	events := watcher.Events
	if pause == fightPause {
		events = nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-events:
		settled := time.NewTimer(settle)
		defer settled.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-settled.C:
				return
			case <-watcher.Events:
			}
		}
	case err := <-watcher.Errors:
		n.Log.WithError(err).Debug("watching files; looking at all of them")
	}
	n.drain(watcher)
}

func (n Node) drain(watcher *fsnotify.Watcher) {
	for {
		select {
		case <-watcher.Events:
		default:
			return
		}
	}
}

// fight counts how often the configuration had to be written again.
type fight struct {
	path   string
	rounds []time.Time
}

func (f *fight) noticed(r Report, now time.Time) bool {
	for _, path := range r.Written {
		if path == f.path {
			f.rounds = append(f.rounds, now)
		}
	}
	for len(f.rounds) > 0 && now.Sub(f.rounds[0]) > fightTime {
		f.rounds = f.rounds[1:]
	}
	return len(f.rounds) >= fightRounds
}
