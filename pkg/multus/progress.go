package multus

import (
	"slices"
	"sync"
	"time"

	"github.com/multus-cni/multus/pkg/state"
)

// progressPause is how long a delegate may run before what is known so far is
// written down.
const progressPause = 50 * time.Millisecond

// progress keeps a record up to date while delegates run, without a write for
// each of them: most are done before a write would be. Whatever the record says
// in between is safe to undo from, as it says of every attachment that is not
// settled that it may have been started, and DEL may come twice. A delegate that
// takes its time has the exact state written beside it, since that is the one
// during which a runtime loses patience and kills us.
type progress struct {
	save func(state.Record) error
	warn func(error)

	mu    sync.Mutex
	timer *time.Timer
	next  *state.Record // to be written; nil: nothing new
}

// cautious is the record with what is planned as if it were under way: what is
// written beside one delegate may be all that is known when the next one has been
// started and we are killed.
func cautious(rec state.Record) state.Record {
	rec.Attachments = slices.Clone(rec.Attachments)
	for i, a := range rec.Attachments {
		if a.Phase == state.Planned {
			rec.Attachments[i].Phase = state.Attaching
		}
	}
	return rec
}

// note has the record as it is now written, unless more becomes known within
// the pause.
func (g *progress) note(rec state.Record) {
	rec.Attachments = slices.Clone(rec.Attachments)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = &rec
	if g.timer == nil {
		g.timer = time.AfterFunc(progressPause, g.flush)
		return
	}
	g.timer.Reset(progressPause)
}

// flush writes what was noted. A state folder that cannot be written stops
// nothing here: ADD's own last write says so, and DEL repeats at worst.
func (g *progress) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		return
	}
	if err := g.save(*g.next); err != nil {
		g.warn(err)
	}
	g.next = nil
}

// stop drops what was noted and not yet written: the caller is about to write
// the record itself, or to remove it. No write is under way when it returns.
func (g *progress) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = nil
	if g.timer != nil {
		g.timer.Stop()
	}
}

// progress starts to keep a record up to date.
func (p Plugin) progress() *progress {
	return &progress{
		save: p.State.Update,
		warn: func(err error) { p.Log.WithError(err).Warn("progress not recorded") },
	}
}
