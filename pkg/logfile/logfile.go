// Package logfile is a log that any number of short-lived processes write to at
// once, and that is rotated when it is full.
//
// Libraries that rotate logs take it that one process has the log open, from its
// first line to its last. Here each line opens it anew, under a lock on a file
// beside it; whoever finds it full moves it aside under the same lock, so that no
// line ever reaches a log that was moved. Moved logs are compressed and removed by
// a process of their own, for which nobody waits.
package logfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
)

// TidyCommand is the subcommand of this program that calls Tidy, with the
// configuration of the log in JSON as its argument.
const TidyCommand = "tidy-log"

// lockPatience is how long a line waits for the lock. It is held for a line or a
// rename; a process that was stopped meanwhile must stop nobody else.
const lockPatience = time.Second

// File is the log. Nothing is opened before the first line.
type File struct {
	Conf config.Log
	Warn func(error) // takes what went wrong without the line being lost

	patience  time.Duration // instead of lockPatience
	impatient bool          // the lock was waited for in vain
}

// Write appends one line.
func (f *File) Write(line []byte) (int, error) {
	path, err := f.path()
	if err != nil {
		return 0, err
	}
	moved := false
	if f.Conf.MaxSize > 0 {
		lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
		if err == nil {
			defer lock.Close() // and so unlock
			err = f.lock(lock)
		}
		if err == nil && f.full(path, len(line)) {
			moved, err = true, moveAside(path)
		}
		f.warn(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := file.Write(line)
	if moved {
		f.warn(f.startTidying(path))
	}
	return n, errors.Join(err, file.Close())
}

func (f *File) warn(err error) {
	if err != nil {
		f.Warn(err)
	}
}

// path is where the log is, links resolved. Only a regular file will do: a pipe
// that nobody reads would block the plugin.
func (f *File) path() (string, error) {
	if err := os.MkdirAll(filepath.Dir(f.Conf.File), 0o755); err != nil {
		return "", fmt.Errorf("%s: %w", f.Conf.File, err)
	}
	path, err := filepath.EvalSymlinks(f.Conf.File)
	if err != nil {
		return f.Conf.File, nil // it is made when it is opened, or that says why not
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: no regular file; logFile must name one", f.Conf.File)
	}
	return path, nil
}

// lock takes the lock, in the order of those who wait for it: who tries again and
// again instead can be passed over for ever where many write.
func (f *File) lock(lock *os.File) error {
	if flock(lock) == nil {
		f.impatient = false
		return nil
	}
	if !f.impatient {
		taken := make(chan error, 1)
		fd := int(lock.Fd())
		go func() { taken <- unix.Flock(fd, unix.LOCK_EX) }()
		select {
		case err := <-taken:
			return err
		case <-time.After(cmp.Or(f.patience, lockPatience)):
			f.impatient = true
		}
	}
	return fmt.Errorf("%s: locked by another process", lock.Name())
}

// full tells whether n bytes more are too much. An empty log takes any line.
func (f *File) full(path string, n int) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0 && info.Size()+int64(n) > f.Conf.MaxSize
}

// moveAside makes a new log with the permissions of the old one, which an
// administrator may have widened for a log collector.
func moveAside(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	moved := movedName(path, time.Now())
	if _, err := os.Lstat(moved); err == nil {
		return nil // a second time in this millisecond; the next line will do it
	}
	if err := os.Rename(path, moved); err != nil {
		return fmt.Errorf("too large, and stays: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, info.Mode().Perm())
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(info.Mode().Perm()), file.Close())
}

// startTidying has Tidy called in a process of its own, which outlives this one.
func (f *File) startTidying(path string) error {
	conf := f.Conf
	conf.File = path
	argument, _ := json.Marshal(conf) // texts and numbers always marshal
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"multus", TidyCommand, string(argument)}
	cmd.Env = []string{} // above all, no CNI_COMMAND
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("compression of old log files: %w", err)
	}
	return cmd.Process.Release()
}

// flock locks an open file without waiting. Closing unlocks.
func flock(file *os.File) error {
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%s: locked by another process: %w", file.Name(), err)
	}
	return nil
}
