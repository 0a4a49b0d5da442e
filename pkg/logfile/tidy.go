package logfile

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
)

// stamp is in the name of a log that was moved aside: multus.log becomes
// multus-<stamp>.log, and multus-<stamp>.log.gz once compressed. Other programs
// that rotate name theirs so, too.
const (
	stamp  = "2006-01-02T15-04-05.000"
	zipped = ".gz"
)

func movedName(path string, at time.Time) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + at.UTC().Format(stamp) + ext
}

// movedLogs are the logs that were moved aside, without ".gz", and when.
func movedLogs(path string) (map[string]time.Time, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	ext := filepath.Ext(path)
	found := map[string]time.Time{}
	for _, e := range entries {
		moved := filepath.Join(filepath.Dir(path), strings.TrimSuffix(e.Name(), zipped))
		text := strings.TrimPrefix(strings.TrimSuffix(moved, ext), strings.TrimSuffix(path, ext)+"-")
		at, err := time.Parse(stamp, text)
		if err == nil && e.Type().IsRegular() && movedName(path, at) == moved { // else it is somebody else's
			found[moved] = at
		}
	}
	return found, err
}

// Tidy removes the moved logs that are too old or too many and compresses the
// others, also those that a killed process left. Several processes may tidy at once.
func Tidy(c config.Log, now time.Time) error {
	moved, err := movedLogs(c.File)
	errs := []error{err}
	for i, path := range slices.Backward(slices.Sorted(maps.Keys(moved))) {
		newer := len(moved) - 1 - i
		switch {
		case c.MaxBackups > 0 && newer >= c.MaxBackups, c.MaxAge > 0 && now.Sub(moved[path]) > c.MaxAge:
			errs = append(errs, os.Remove(path), os.Remove(path+zipped))
		case c.Compress:
			errs = append(errs, compress(path))
		}
	}
	// Most have one of the two forms, and another process may have been faster.
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, fs.ErrNotExist) })...)
}

// compress replaces the plain file by a compressed one. A kill in between leaves
// the plain file, and whoever tidies next begins anew.
func compress(path string) error {
	plain, err := os.Open(path)
	if err != nil {
		return err
	}
	defer plain.Close()
	if err := flock(plain); errors.Is(err, unix.EWOULDBLOCK) {
		return nil // another process is at it
	}
	if _, err := os.Lstat(path); err != nil {
		return err // another process was faster
	}
	if err := pack(plain, path+zipped); err != nil {
		return errors.Join(err, os.Remove(path+zipped))
	}
	return os.Remove(path)
}

// pack writes and syncs the compressed copy.
func pack(from *os.File, path string) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	packer := gzip.NewWriter(to)
	_, err = io.Copy(packer, from)
	return errors.Join(err, packer.Close(), to.Sync(), to.Close())
}
