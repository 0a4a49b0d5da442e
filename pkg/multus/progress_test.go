package multus

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/state"
)

// saves collects the phases of what a progress writes.
type saves struct {
	mu   sync.Mutex
	recs []string
}

func (s *saves) save(r state.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var phases []string
	for _, a := range r.Attachments {
		phases = append(phases, string(a.Phase))
	}
	s.recs = append(s.recs, strings.Join(phases, " "))
	return nil
}

func (s *saves) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.recs)
}

func recordOf(phases ...state.Phase) state.Record {
	var rec state.Record
	for _, p := range phases {
		rec.Attachments = append(rec.Attachments, state.Attachment{Phase: p})
	}
	return rec
}

// progressOf is the progress of a record with one attachment a phase.
func progressOf(save func(state.Record) error, phases ...state.Phase) *progress {
	rec := recordOf(phases...)
	return &progress{save: save, rec: &rec}
}

// set is a change to a phase.
func (g *progress) set(i int, p state.Phase) func() {
	return func() { g.rec.Attachments[i].Phase = p }
}

func note(t *testing.T, g *progress, change func()) {
	t.Helper()
	if err := g.note(change); err != nil {
		t.Fatal(err)
	}
}

func TestProgressOfQuickDelegatesIsNotWritten(t *testing.T) {
	var s saves
	g := progressOf(s.save, state.Planned, state.Planned)
	note(t, g, g.set(0, state.Attaching))
	note(t, g, g.set(0, state.Attached))
	g.stop()
	time.Sleep(2 * progressPause)
	if got := s.list(); len(got) != 0 {
		t.Errorf("written %d times: %v", len(got), got)
	}
}

func TestProgressOfASlowDelegateIsWritten(t *testing.T) {
	var s saves
	g := progressOf(s.save, state.Planned, state.Planned)
	note(t, g, g.set(0, state.Attaching))
	note(t, g, func() { g.set(0, state.Attached)(); g.set(1, state.Attaching)() })
	time.Sleep(4 * progressPause)
	g.stop()
	if got := s.list(); len(got) != 1 || got[0] != "attached attaching" {
		t.Errorf("written: %q", got)
	}
}

func TestProgressThatCannotBeWrittenIsTold(t *testing.T) {
	full := errors.New("no space")
	var told error
	g := progressOf(func(state.Record) error { return full }, state.Planned)
	g.warn = func(err error) { told = err }
	note(t, g, g.set(0, state.Attaching))
	g.flush()
	if !errors.Is(told, full) {
		t.Errorf("told %v", told)
	}
}

func TestExactRecordStaysExact(t *testing.T) {
	var s saves
	g := progressOf(s.save, state.Planned, state.Planned)
	defer g.stop()
	note(t, g, g.set(0, state.Attaching))
	g.flush()
	note(t, g, func() { g.set(0, state.Attached)(); g.set(1, state.Attaching)() })
	if got := s.list(); len(got) != 2 || got[1] != "attached attaching" {
		t.Errorf("the second delegate starts while the record says: %q", got)
	}
}

func TestExactRecordThatCannotBeWrittenStopsADD(t *testing.T) {
	full := errors.New("no space")
	var answer error
	g := progressOf(func(state.Record) error { return answer }, state.Planned, state.Planned)
	defer g.stop()
	note(t, g, g.set(0, state.Attaching))
	g.flush()
	answer = full
	if err := g.note(g.set(1, state.Attaching)); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}
