//go:build amd64 || arm64

package state

import (
	"slices"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestWhatIsStartedIsOnTheDisk: before a plugin is started the directory is synced,
// or a power cut might bring a record back that calls its attachment planned.
func TestWhatIsStartedIsOnTheDisk(t *testing.T) {
	planned := record(t, k1)
	planned.Attachments[0].Phase = Planned
	for phase, synced := range map[Phase]bool{Planned: false, Attaching: true, Attached: false, Detached: false} {
		t.Run(string(phase), func(t *testing.T) {
			d := Dir(t.TempDir())
			must(t, d.Create(planned))
			r := planned
			r.Attachments = slices.Clone(planned.Attachments)
			for i := range r.Attachments {
				r.Attachments[i].Phase = phase
			}
			var done []string
			status, printed := cnitest.Trace(t, writer(t, "update", d, r), func(s cnitest.Step) bool {
				if !s.Done {
					done = append(done, s.Does)
				}
				return true
			})
			renamed := slices.Index(done, cnitest.Rename)
			if status != 0 || renamed < 0 {
				t.Fatalf("no rename among %v; wait status %#x: %s", done, int(status), printed)
			}
			if got := slices.Contains(done[renamed:], cnitest.Sync); got != synced {
				t.Errorf("directory synced: %v, want %v", got, synced)
			}
		})
	}
}
