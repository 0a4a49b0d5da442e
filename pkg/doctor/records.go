package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/regular"
)

// stateDirectory tells whether records can be written.
func stateDirectory(_ context.Context, s *survey) []Finding {
	dir := s.conf.CNIDir
	err := unix.Access(dir+"/.", unix.W_OK|unix.X_OK)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ok("%s is not there yet; the first pod makes it", dir)
	case err != nil:
		return faulty("make it a directory, mount it writable, or run multus as root", "%s cannot be written to (%v): no pod can start", dir, err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err == nil && (disk.Bavail == 0 || disk.Files > 0 && disk.Ffree == 0) {
		return faulty("free some space", "the file system of %s is full: no pod can start", dir)
	}
	return ok("%s can be written to", dir)
}

// records tells whether the records are sound, and what nobody will come back for.
func records(_ context.Context, s *survey) []Finding {
	if info, err := os.Stat(s.conf.CNIDir); err != nil || !info.IsDir() {
		return ok("none")
	}
	var found []Finding
	survey, err := s.state().Survey()
	for _, f := range fault.All(err) {
		found = append(found, faulty("`multus forget SANDBOX` sets it aside; what it was about then stays attached", "%v", f)...)
	}
	if aside, _ := os.ReadDir(filepath.Join(s.conf.CNIDir, "unreadable")); len(aside) > 0 {
		found = append(found, warning("see what they say, free by hand what they name, and remove them",
			"%s unreadable, set aside in %s/unreadable", counted(len(aside), "record", "records"), s.conf.CNIDir)...)
	}
	if survey.Stale > 0 {
		f := Finding{Level: Warning, What: fmt.Sprintf("%d of %s stale: gone, and not detached", survey.Stale, counted(survey.Sandboxes, "sandbox", "sandboxes")),
			Cure: "`multus gc`, or doctor --fix; `multus list` shows them"}
		if s.Collect != nil {
			f.fix = func(ctx context.Context) (string, error) {
				return s.Collect(ctx, s.conf.CNIDir, slices.Concat(s.BinDirs, s.conf.BinDir))
			}
		}
		found = append(found, f)
	}
	return or(found, ok("%s with %s, all sound", counted(survey.Sandboxes, "sandbox", "sandboxes"), counted(survey.Attachments, "attachment", "attachments")))
}

// older looks for what an older multus left.
func older(_ context.Context, s *survey) []Finding {
	var found []Finding
	for _, dir := range s.BinDirs {
		for _, name := range []string{"multus-shim", "multus-daemon"} {
			if path := filepath.Join(dir, name); regular.Exists(path) && (s.file == "" || s.kind != name) {
				found = append(found, warning("remove it once no pod of the older one is left", "%s is left of an older multus", path)...)
			}
		}
	}
	for _, path := range []string{"/run/multus/multus.sock", "/run/multus/socket/multus.sock"} {
		if regular.Exists(path) {
			found = append(found, warning("delete that multus's DaemonSet", "%s: the daemon of an older multus runs, or has left it", path)...)
		}
	}
	if survey, _ := s.state().Survey(); survey.Older > 0 {
		found = append(found, ok("%s of an older multus, understood by this one", counted(survey.Older, "record", "records"))...)
	}
	return or(found, ok("nothing is left of an older multus"))
}
