package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/fault"
)

var errGone = errors.New("gone")

func TestText(t *testing.T) {
	f := fault.Fault{Place: "a.yaml:3:1", Subject: "network a/b", Key: "type", What: "is missing", Cure: "name a plugin"}
	if got := f.Error(); got != "a.yaml:3:1: network a/b: type: is missing; name a plugin" {
		t.Error(got)
	}
	wrapped := fmt.Errorf("x: %w", fault.Fault{Key: "k", Err: errGone})
	if !errors.Is(wrapped, errGone) || wrapped.Error() != "x: k: gone" {
		t.Error(wrapped)
	}
}

func TestPrefixes(t *testing.T) {
	var l fault.List
	l.Add(fault.Fault{Key: "type", What: "is missing"})
	l.Add(errGone)
	err := fault.At("f:1", fault.About("network a", fault.Under("plugins[0]", l.Err())))
	const want = "2 faults: (1) f:1: network a: plugins[0]: type: is missing; (2) f:1: network a: plugins[0]: gone"
	if err.Error() != want || !errors.Is(err, errGone) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if all := fault.All(err); len(all) != 2 || all[0].Subject != "network a" || all[1].Key != "plugins[0]" || all[0].Place != "f:1" {
		t.Errorf("%+v", all)
	}
	if fault.About("x", nil) != nil || fault.Under("x", nil) != nil || (fault.List{}).Err() != nil {
		t.Error("nothing wrong became a fault")
	}
}

func TestListIsBounded(t *testing.T) {
	var inner, l fault.List
	for i := range 500 {
		inner.Addf("fault number %d %s", i, strings.Repeat("x", 100))
	}
	l.Add(inner.Err())
	l.Add(errors.New(strings.Repeat("y", 1<<20)))
	text := l.Error()
	if len(text) > fault.MaxText || !strings.HasPrefix(text, "501 faults: (1) fault number 0 ") || !strings.HasSuffix(text, " more") {
		t.Errorf("%d bytes, %s … %s", len(text), text[:40], text[len(text)-40:])
	}
	var one fault.List
	one.Add(errors.New(strings.Repeat("é", fault.MaxText)))
	if got := one.Error(); len(got) > fault.MaxText || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes", len(got))
	}
	var notes fault.Notes
	for i := range 50 {
		notes.Addf("%d", i)
	}
	if len(notes) != 33 || notes[32] != "more warnings left out" {
		t.Errorf("%d notes", len(notes))
	}
}

// A text that wraps two errors, such as a kind and a cause, is one fault.
func TestTextWithTwoCausesIsOneFault(t *testing.T) {
	errKind := errors.New("API server not usable")
	err := fault.About("network a", fmt.Errorf("%w: %w", errKind, errGone))
	if err.Error() != "network a: API server not usable: gone" || !errors.Is(err, errKind) || !errors.Is(err, errGone) {
		t.Error(err)
	}
	if all := fault.All(errors.Join(errKind, errGone)); len(all) != 2 {
		t.Errorf("%+v, want those that were joined", all)
	}
}

// Faults beyond those that are kept stay counted, whatever is put before them.
func TestCountOfFaults(t *testing.T) {
	var l fault.List
	for i := range fault.MaxKept + 50 {
		l.Addf("%d", i)
	}
	err := fault.Under("key", l.Err())
	if !strings.HasPrefix(err.Error(), "150 faults: (1) key: 0; ") {
		t.Errorf("%.60s", err)
	}
	if all := fault.All(err); len(all) != fault.MaxKept+1 || all[fault.MaxKept].Error() != "50 more faults" {
		t.Errorf("%d, the last %q", len(all), all[len(all)-1])
	}
}

func TestQuote(t *testing.T) {
	if got := fault.Quote("a\n\x1b"); got != `"a\n\x1b"` {
		t.Error(got)
	}
	if got := fault.Quote(strings.Repeat("x", 500)); len(got) > 100 {
		t.Errorf("%d bytes", len(got))
	}
}
