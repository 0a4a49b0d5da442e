//go:build amd64 || arm64

package state

import (
	"slices"
	"testing"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// TestWhatIsStartedIsOnTheDisk: a new record is on the disk under its name before a
// plugin is started. Of an update the content is, before the old one is replaced; a
// power cut may bring that one back, from which DEL undoes as much or more.
func TestWhatIsStartedIsOnTheDisk(t *testing.T) {
	for what, want := range map[string][]string{
		"create": {cnitest.Sync, cnitest.Rename, cnitest.Sync},
		"update": {cnitest.Sync, cnitest.Rename},
	} {
		t.Run(what, func(t *testing.T) {
			d := Dir(t.TempDir())
			must(t, d.Create(record(t, Key{ContainerID: "other", IfName: "eth0"}))) // makes the directories
			var done []string
			status, printed := cnitest.Trace(t, writer(t, what, d, record(t, k1)), func(s cnitest.Step) bool {
				if !s.Done && (s.Does == cnitest.Sync || s.Does == cnitest.Rename) {
					done = append(done, s.Does)
				}
				return true
			})
			if status != 0 || !slices.Equal(done, want) {
				t.Errorf("did %v, want %v; wait status %#x: %s", done, want, int(status), printed)
			}
		})
	}
}
