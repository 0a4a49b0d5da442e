package multus

import (
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

	mu    sync.Mutex // held while the record is changed, and while it is written
	rec   *state.Record
	timer *time.Timer
	dirty bool // the record holds more than was written
	exact bool // what was written tells apart what was started and what not
}

// note changes the record, and has it written unless more becomes known within
// the pause. Once what is written is exact it has to stay so, since what it calls
// planned must not be started before it says otherwise: then it is written at
// once, or the error says why not.
func (g *progress) note(change func()) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	g.dirty = true
	switch {
	case g.exact:
		return g.write()
	case g.timer == nil:
		g.timer = time.AfterFunc(progressPause, g.flush)
	default:
		g.timer.Reset(progressPause)
	}
	return nil
}

// flush writes what was noted, in the background. A state folder that cannot be
// written leaves the record as cautious as it was.
func (g *progress) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.write(); err != nil {
		g.warn(err)
	}
}

// write is for those who hold the lock.
func (g *progress) write() error {
	if !g.dirty {
		return nil
	}
	err := g.save(*g.rec)
	g.dirty, g.exact = false, g.exact || err == nil
	return err
}

// stop drops what was noted and not yet written: the caller is about to write
// the record itself, or to remove it. No write is under way when it returns.
func (g *progress) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dirty = false
	if g.timer != nil {
		g.timer.Stop()
	}
}

// progress starts to keep a record up to date.
func (p Plugin) progress(rec *state.Record) *progress {
	return &progress{
		rec:  rec,
		save: p.State.Update,
		warn: func(err error) { p.Log.WithError(err).Warn("progress not recorded") },
	}
}
