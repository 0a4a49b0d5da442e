package multus

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/state"
)

// saves collects what a progress writes.
type saves struct {
	mu   sync.Mutex
	recs []state.Record
}

func (s *saves) save(r state.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recs = append(s.recs, r)
	return nil
}

func (s *saves) list() []state.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]state.Record(nil), s.recs...)
}

func recordOf(phases ...state.Phase) state.Record {
	var rec state.Record
	for _, p := range phases {
		rec.Attachments = append(rec.Attachments, state.Attachment{Phase: p})
	}
	return rec
}

func note(t *testing.T, g *progress, rec state.Record) {
	t.Helper()
	if err := g.note(rec); err != nil {
		t.Fatal(err)
	}
}

func TestProgressOfQuickDelegatesIsNotWritten(t *testing.T) {
	var s saves
	g := &progress{save: s.save}
	note(t, g, recordOf(state.Attaching, state.Planned))
	note(t, g, recordOf(state.Attached, state.Attaching))
	g.stop()
	time.Sleep(2 * progressPause)
	if got := s.list(); len(got) != 0 {
		t.Errorf("written %d times: %v", len(got), got)
	}
}

func TestProgressOfASlowDelegateIsWritten(t *testing.T) {
	var s saves
	g := &progress{save: s.save}
	rec := recordOf(state.Attaching, state.Planned)
	note(t, g, rec)
	rec.Attachments[0].Phase, rec.Attachments[1].Phase = state.Attached, state.Attaching
	note(t, g, rec)
	rec.Attachments[1].Phase = state.Attached // what comes later must not show in what was noted
	time.Sleep(4 * progressPause)
	g.stop()
	got := s.list()
	if len(got) != 1 || got[0].Attachments[0].Phase != state.Attached || got[0].Attachments[1].Phase != state.Attaching {
		t.Errorf("written: %+v", got)
	}
}

func TestProgressThatCannotBeWrittenIsTold(t *testing.T) {
	full := errors.New("no space")
	var told error
	g := &progress{save: func(state.Record) error { return full }, warn: func(err error) { told = err }}
	note(t, g, recordOf(state.Attaching))
	g.flush()
	if !errors.Is(told, full) {
		t.Errorf("told %v", told)
	}
}

func TestExactRecordStaysExact(t *testing.T) {
	var s saves
	g := &progress{save: s.save}
	defer g.stop()
	note(t, g, recordOf(state.Attaching, state.Planned))
	g.flush()
	note(t, g, recordOf(state.Attached, state.Attaching))
	got := s.list()
	if len(got) != 2 || got[1].Attachments[1].Phase != state.Attaching {
		t.Errorf("the second delegate starts while the record says: %+v", got)
	}
}

func TestExactRecordThatCannotBeWrittenStopsADD(t *testing.T) {
	full := errors.New("no space")
	var answer error
	g := &progress{save: func(state.Record) error { return answer }}
	defer g.stop()
	note(t, g, recordOf(state.Attaching, state.Planned))
	g.flush()
	answer = full
	if err := g.note(recordOf(state.Attached, state.Attaching)); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}
