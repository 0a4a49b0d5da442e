package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
)

// logFile is a file to which any number of processes append lines at once, and
// which whoever finds it full moves aside.
//
// No line is torn: it is one write to a file opened for appending. No line is
// lost: a writer holds a shared lock on the very file it writes to, and has
// looked, under that lock, that the path still leads there; compression takes
// the exclusive lock of a file that was moved away, so it begins after the last
// line that will ever reach it. Of those that find the file full, a lock on a
// file beside it lets one rename it.
type logFile struct {
	conf config.Log
	warn func(error) // for what went wrong without the line being lost

	path    string   // where the file really is, links resolved
	file    *os.File // nil: not open
	paused  time.Time
	tidying sync.WaitGroup
}

var (
	// errMoved says that the path leads to another file by now.
	errMoved = errors.New("moved aside")
	errBusy  = errors.New("locked by another process")
)

const (
	// appendTries is how often a line chases a file that others keep moving.
	appendTries = 100
	// lockPatience is how long one waits for others' locks. They are held for a
	// rename or a line; a process that was stopped meanwhile must stop nobody else.
	lockPatience = time.Second
	// rotatePause is how long a file that could not be moved aside is left to grow.
	rotatePause = time.Minute
)

// append writes one line, to the file that the path leads to at that moment.
func (f *logFile) append(line []byte) error {
	for range appendTries {
		info, err := f.hold()
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return err
		}
		if f.full(info, len(line)) && f.rotate(len(line)) {
			continue
		}
		_, err = f.file.Write(line)
		return errors.Join(err, flock(f.file, unix.LOCK_UN))
	}
	return fmt.Errorf("%s: moved aside %d times while one line waited", f.conf.File, appendTries)
}

// hold takes the shared lock of the file that the path leads to.
func (f *logFile) hold() (fs.FileInfo, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	err := flock(f.file, unix.LOCK_SH)
	if errors.Is(err, unix.EWOULDBLOCK) { // it is an old one, being compressed
		f.drop()
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	if now, err := os.Stat(f.path); err != nil || !os.SameFile(info, now) {
		f.drop()
		return nil, errMoved
	}
	return info, nil
}

// open opens the file unless it is open. Only a regular file will do: a pipe that
// nobody reads would block the plugin.
func (f *logFile) open() error {
	if f.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.conf.File), 0o755); err != nil {
		return fmt.Errorf("%s: %w", f.conf.File, err)
	}
	file, err := os.OpenFile(f.conf.File, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: no regular file; logFile must name one", f.conf.File)
	}
	if err == nil {
		f.path, err = filepath.EvalSymlinks(f.conf.File)
	}
	if errors.Is(err, fs.ErrNotExist) { // moved since; hold looks again
		f.path, err = f.conf.File, nil
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file = file
	return nil
}

// drop closes the file, and so lets go of its lock.
func (f *logFile) drop() {
	_ = f.file.Close() // there is nothing buffered that could be lost
	f.file = nil
}

func (f *logFile) close() error {
	f.tidying.Wait()
	if f.file != nil {
		f.drop()
	}
	return nil
}

// full tells whether a line of n bytes is too much. An empty file takes any line.
func (f *logFile) full(info fs.FileInfo, n int) bool {
	return f.conf.MaxSize > 0 && info.Size() > 0 && info.Size()+int64(n) > f.conf.MaxSize &&
		time.Now().After(f.paused)
}

// rotate moves the held file, which has no room for n bytes, aside unless another
// process just did. Where that cannot be done it reports false, and the file grows on.
func (f *logFile) rotate(n int) bool {
	err := f.moveAside(n)
	if err == nil {
		f.drop()
		return true
	}
	f.paused = time.Now().Add(rotatePause)
	f.warn(fmt.Errorf("%s is over %d bytes and stays: %w", f.conf.File, f.conf.MaxSize, err))
	return false
}

func (f *logFile) moveAside(n int) error {
	lock, err := os.OpenFile(f.path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := flockSoon(lock); err != nil {
		return err
	}
	held, err := f.file.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(f.path)
	if err != nil || !os.SameFile(held, now) || !f.full(now, n) {
		return nil // somebody else was faster
	}
	old := newBackups(f.path)
	if err := os.Rename(f.path, old.next(time.Now())); err != nil {
		return err
	}
	f.tidying.Go(func() {
		if err := old.tidy(f.conf, time.Now()); err != nil {
			f.warn(err)
		}
	})
	return f.succeed(now.Mode().Perm())
}

// succeed makes the new file with the permissions of the old one, which an
// administrator may have widened for a log collector.
func (f *logFile) succeed(mode fs.FileMode) error {
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(mode), file.Close())
}

// flock locks an open file without waiting; see flock(2) for how. Closing unlocks.
func flock(file *os.File, how int) error {
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return &fs.PathError{Op: "flock", Path: file.Name(), Err: err}
		}
	}
}

// flockSoon takes the exclusive lock within lockPatience.
func flockSoon(file *os.File) error {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(2 * time.Millisecond) {
		err := flock(file, unix.LOCK_EX)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %w", file.Name(), errBusy)
		}
	}
}
