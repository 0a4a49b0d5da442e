package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
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

// Reasons are all that Reason returns for a node that is not ready.
func Reasons() []string {
	return []string{"starting", "no-default-network", "fight", "token", "disk", "permission", "other"}
}

// Reason is in a word why the node is not ready, for metrics, which must not have one
// for each message; "" where it is.
func (h *Health) Reason() string {
	switch err := h.Err(); {
	case err == nil:
		return ""
	case h.last.Load() == nil:
		return "starting"
	case errors.Is(err, ErrFight):
		return "fight"
	case errors.Is(err, ErrNoDefaultNetwork):
		return "no-default-network"
	case errors.Is(err, ErrToken):
		return "token"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EIO):
		return "disk"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "permission"
	}
	return "other"
}

// Run keeps the node as it should be until the context ends: it reconciles at once,
// then whenever a file of the directories changes, and after each Poll whatever
// happens. Failures are told to the health and tried again. Beside it, it keeps the
// plugin's token, and takes the taint away when the node is ready.
func (n Node) Run(ctx context.Context, health *Health) {
	tokens := make(chan string)
	var beside sync.WaitGroup
	defer beside.Wait()
	if n.ownAccess() {
		beside.Go(func() { n.keepToken(ctx, tokens) })
	}
	if n.Taint != "" {
		beside.Go(func() { n.removeTaint(ctx, health) })
	}
	var fight fight
	var told string
	looked := n // gets newer tokens, which those beside have no part in
	for ctx.Err() == nil {
		changes, end := n.watch(n.watched())
		report, err := looked.Reconcile()
		fights := fight.noticed(report, time.Now())
		if fights {
			err = errors.Join(err, ErrFight)
		}
		told = n.tell(report, err, told)
		health.last.Store(&err)
		if fights {
			sleep(ctx, fightPause)
		}
		if token := await(ctx, n.Poll, changes, tokens); token != "" {
			looked.newest = token
		}
		end()
	}
}

// watched are all directories in which something may change that is looked at.
func (n Node) watched() []string {
	for _, dir := range n.dirs() {
		_ = os.MkdirAll(dir, 0o755) // Reconcile tells what is wrong with it
	}
	return append(n.dirs(), n.primaryDir(), n.API.Account, n.accessDir())
}

// tell logs how the node is, where that is news.
func (n Node) tell(r Report, err error, told string) string {
	text := fmt.Sprint(r.DefaultNetwork, r.Passed, err)
	if text == told {
		return told
	}
	for _, warning := range r.Passed {
		n.Log.Warn(warning)
	}
	if err != nil {
		n.Log.WithError(err).Warn("the node is not ready")
	} else {
		n.Log.WithField("defaultNetwork", r.DefaultNetwork).Info("the node is ready")
	}
	return text
}

// fight counts how often the configuration had to be written again, just as it was: one
// that follows a default network that changes is nobody's fault.
type fight struct {
	rounds []time.Time
	last   []byte // what was written
}

func (f *fight) noticed(r Report, now time.Time) bool {
	if r.Configuration != "" && slices.Contains(r.Written, r.Configuration) {
		if bytes.Equal(f.last, r.content) {
			f.rounds = append(f.rounds, now)
		}
		f.last = r.content
	}
	f.rounds = slices.DeleteFunc(f.rounds, func(t time.Time) bool { return now.Sub(t) > fightTime })
	return len(f.rounds) >= fightRounds
}
