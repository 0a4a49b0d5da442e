package trial

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

// leaseDirs are where the attachments' addresses are leased, as far as the
// host-local plugin does it.
func leaseDirs(attachments []plan.Attachment) []string {
	var found []string
	for _, a := range attachments {
		for _, p := range a.Config.Plugins() {
			if dir, _ := lint.HostLocal(p); dir != "" {
				found = append(found, filepath.Join(dir, a.Config.Name()))
			}
		}
	}
	return found
}

// absent are the directories, and those above them, that do not exist yet; the
// deepest first.
func absent(dirs []string) []string {
	var found []string
	for _, dir := range dirs {
		for ; !regular.Exists(dir); dir = filepath.Dir(dir) {
			found = append(found, dir)
		}
	}
	slices.Sort(found)
	slices.Reverse(found) // a directory sorts before what is in it
	return slices.Compact(found)
}

// checkLeases notes the leases that still name one of the pods.
func (s *Session) checkLeases() {
	for _, dir := range s.Leases {
		entries, _ := os.ReadDir(dir) // never made, or gone already
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if data, err := os.ReadFile(path); err == nil && s.names(string(data)) {
				s.remains("lease %s", path)
			}
		}
	}
}

// removeScratch removes the directories that did not exist before, if nothing is
// in them but host-local's own bookkeeping.
func removeScratch(dirs []string) {
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir) // gone already, or it stays
		others := slices.ContainsFunc(entries, func(e os.DirEntry) bool {
			return !e.Type().IsRegular() || e.Name() != "lock" && !strings.HasPrefix(e.Name(), "last_reserved_ip.")
		})
		if !others {
			_ = os.RemoveAll(dir) // what cannot go stays
		}
	}
}
