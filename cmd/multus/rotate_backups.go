package main

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/config"
)

// backups are the log files that were moved aside: for multus.log they are
// multus-<time of the move>.log, with .gz behind once compressed.
type backups struct {
	dir, prefix, suffix string
}

// backup is one of them, whatever has become of it: the plain file, the
// compressed one, and for a moment (or after a kill) both.
type backup struct {
	path  string // of the plain file
	moved time.Time
	plain bool // the plain file is there
}

const (
	backupStamp = "2006-01-02T15-04-05.000"
	zipped      = ".gz"
	unfinished  = ".gz.tmp"
)

func newBackups(path string) backups {
	ext := filepath.Ext(path)
	return backups{filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ext) + "-", ext}
}

// next is a path for one more. Callers exclude each other with the lock of the log file.
func (b backups) next(now time.Time) string {
	for ; ; now = now.Add(time.Millisecond) {
		path := filepath.Join(b.dir, b.prefix+now.UTC().Format(backupStamp)+b.suffix)
		if !exists(path) && !exists(path+zipped) {
			return path
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// tidy removes what is too old or too many and compresses the rest, leftovers of
// killed processes included. Several processes may tidy at once.
func (b backups) tidy(c config.Log, now time.Time) error {
	all, err := b.list()
	if err != nil {
		return err
	}
	var errs []error
	for i, old := range all {
		var err error
		switch {
		case c.MaxBackups > 0 && i >= c.MaxBackups, c.MaxAge > 0 && now.Sub(old.moved) > c.MaxAge:
			err = old.remove()
		case c.Compress && old.plain:
			err = old.compress()
		}
		if errors.Is(err, errBusy) {
			c.Compress, err = false, nil // another process is at it; whoever rotates next looks again
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// list is all of them, the latest first. A file whose name is not exactly one that
// next makes is somebody else's.
func (b backups) list() ([]backup, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, err
	}
	found := map[string]backup{}
	for _, entry := range entries {
		old, ok := b.parse(entry.Name())
		if !ok || !entry.Type().IsRegular() {
			continue
		}
		old.plain = old.plain || found[old.path].plain
		found[old.path] = old
	}
	all := make([]backup, 0, len(found))
	for _, old := range found {
		all = append(all, old)
	}
	slices.SortFunc(all, func(a, b backup) int { return cmp.Compare(b.path, a.path) })
	return all, nil
}

func (b backups) parse(name string) (backup, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(name, unfinished), zipped)
	stamp, ok := strings.CutPrefix(base, b.prefix)
	if !ok {
		return backup{}, false
	}
	stamp, ok = strings.CutSuffix(stamp, b.suffix)
	if !ok {
		return backup{}, false
	}
	moved, err := time.Parse(backupStamp, stamp)
	return backup{path: filepath.Join(b.dir, base), moved: moved, plain: base == name}, err == nil
}

func (o backup) remove() error {
	var errs []error
	for _, path := range []string{o.path, o.path + zipped, o.path + unfinished} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// compress replaces the plain file by a compressed one. A kill in between leaves
// the plain file, and the next process to tidy begins anew.
func (o backup) compress() error {
	plain, err := os.Open(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer plain.Close()
	// From here on no writer takes the file for the log file any more.
	if err := flockSoon(plain); err != nil {
		return err
	}
	held, err := plain.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Lstat(o.path); err != nil || !os.SameFile(held, now) {
		return nil // another process compressed or removed it
	}
	if err := zip(plain, o.path+unfinished, held.Mode().Perm()); err != nil {
		return fmt.Errorf("%s stays uncompressed: %w", o.path, errors.Join(err, os.Remove(o.path+unfinished)))
	}
	if err := os.Rename(o.path+unfinished, o.path+zipped); err != nil {
		return err
	}
	return os.Remove(o.path)
}

// zip writes and syncs the compressed copy. Speed comes before size: a pod's start may wait for it.
func zip(from io.Reader, path string, mode fs.FileMode) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	packer, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(packer, from)
	}
	if err == nil {
		err = packer.Close()
	}
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}
