//go:build amd64 || arm64

package state

import (
	"errors"
	"strings"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestKilledAtEverySystemCall does each thing that is done to a record once for
// every step of it that changes the world, and kills the process there.
// The record is the old one or the new one, and what is left can be gone on from.
func TestKilledAtEverySystemCall(t *testing.T) {
	old := record(t, k1)
	updated := attached(old)
	tests := []struct {
		name     string
		before   bool // there is a record
		write    Record
		outcomes []*Record // nil: none
	}{
		{"create", false, old, []*Record{nil, &old}},
		{"update", true, updated, []*Record{&old, &updated}},
		{"remove", true, old, []*Record{&old, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := map[int]bool{}
			for n := 1; ; n++ {
				d := Dir(t.TempDir())
				if tt.before {
					must(t, d.Create(old))
				}
				at := cnitest.KillAt(t, writer(t, tt.name, d, tt.write), n)
				seen[outcome(t, d, at, tt.outcomes)] = true
				goOn(t, d, updated)
				if at == "" {
					t.Logf("%d steps", n-1)
					break
				}
			}
			if len(seen) != 2 {
				t.Errorf("saw outcomes %v, want both: the kills came at no point that matters", seen)
			}
		})
	}
}

// outcome is which of the records is there.
func outcome(t *testing.T, d Dir, at string, want []*Record) int {
	t.Helper()
	got, err := d.Load(k1)
	if err != nil && !errors.Is(err, ErrNone) {
		t.Fatalf("killed %s: %v", at, err)
	}
	for i, w := range want {
		if w == nil && err != nil || w != nil && err == nil && differ(*w, got) == "" {
			return i
		}
	}
	t.Fatalf("killed %s: neither of the two records but %+v, %v", at, got, err)
	return -1
}

// goOn is what comes after: whatever the killed one left must be in nobody's way,
// and nothing of it be left in the end.
func goOn(t *testing.T, d Dir, r Record) {
	t.Helper()
	if _, err := d.List(); err != nil {
		t.Errorf("List: %v", err)
	}
	if err := d.Create(r); err != nil && !errors.Is(err, ErrExists) {
		t.Errorf("Create: %v", err)
	}
	if err := d.Update(r); err != nil {
		t.Errorf("Update: %v", err)
	}
	if err := d.Remove(r); err != nil {
		t.Errorf("Remove: %v", err)
	}
	for _, f := range files(t, d) {
		if strings.Contains(f, k1.ContainerID) {
			t.Errorf("%s is left", f)
		}
	}
}
