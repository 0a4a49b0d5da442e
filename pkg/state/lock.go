package state

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is a held lock. File is inherited by child processes so that a plugin
// that outlives Multus keeps its sandbox locked.
type Lock struct {
	file *os.File
	span span
}

// File is the open file that carries the lock. It is closed in a child process
// unless it is handed over on purpose (exec.Cmd's ExtraFiles).
func (l *Lock) File() *os.File { return l.file }

// Unlock releases the lock, also for children that inherited it.
func (l *Lock) Unlock() error {
	// Closing alone would leave the lock with whoever inherited the open file.
	err := setLock(l.file, unix.F_UNLCK, l.span)
	if err != nil {
		err = fmt.Errorf("unlocking %s: %w", l.file.Name(), err)
	}
	return errors.Join(err, l.file.Close())
}

// span is a range of bytes of the lock file, which holds none: a byte is but a
// number that stands for a sandbox. So there is one file for all of them, and
// none to be taken away along with a sandbox.
type span struct {
	start, length int64 // length 0: all the rest
}

// gate is held shared while a sandbox's byte is being acquired, and exclusively
// by the one that wants all of them, from when it begins to wait: newcomers stand
// back, and it is not starved.
func gate() span { return span{start: 0, length: 1} }

func all() span { return span{start: 0, length: 0} }

// spanOf is the byte of a sandbox. Two sandboxes may share one, at odds of one
// to 2^62; they wait for each other then.
func spanOf(k Key) span {
	h := fnv.New64a()
	h.Write([]byte(k.ContainerID + "@" + k.IfName))
	return span{start: 1 + int64(h.Sum64()>>2), length: 1}
}

// Pauses between two tries. Locks that belong to an open file cannot be waited
// for with a time limit.
const (
	firstPause = time.Millisecond
	lastPause  = 20 * time.Millisecond
)

// errHeld says that another open file holds a conflicting lock.
var errHeld = errors.New("held by another process")

// Lock excludes every other command on the sandbox and GC. It waits as long as
// ctx lets it; then ErrBusy.
func (d Dir) Lock(ctx context.Context, k Key) (*Lock, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	l, err := d.lock(ctx, spanOf(k), lockOne)
	if errors.Is(err, errHeld) {
		return nil, fmt.Errorf("%w %s: %w", ErrBusy, k, err)
	}
	return l, err
}

// LockAll excludes every other command on this node.
func (d Dir) LockAll(ctx context.Context) (*Lock, error) {
	l, err := d.lock(ctx, all(), lockAll)
	if errors.Is(err, errHeld) {
		return nil, fmt.Errorf("all sandboxes below %s: %w: %w", d, ErrBusy, err)
	}
	return l, err
}

// lock tries until it has the span, or ctx ends.
func (d Dir) lock(ctx context.Context, s span, try func(*os.File, span) error) (*Lock, error) {
	file, err := d.openLock()
	if err != nil {
		return nil, err
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := try(file, s)
		if err == nil {
			return &Lock{file: file, span: s}, nil
		}
		if !errors.Is(err, errHeld) {
			return nil, errors.Join(err, file.Close())
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			// Closing also drops a gate that was passed on the way.
			return nil, errors.Join(fmt.Errorf("%w: %w", err, context.Cause(ctx)), file.Close())
		}
	}
}

// openLock opens the lock file and makes it where it is missing.
func (d Dir) openLock() (*os.File, error) {
	var file *os.File
	err := makeDurable(string(d), 0o700)
	if err == nil {
		file, err = os.OpenFile(d.path(lockName), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("state directory %s: %w (%s)", d, reason(err), lockName)
	}
	return file, nil
}

// lockOne tries once for one sandbox's byte. The gate is let go at once, also
// where the byte is held: who waits must not stand in it.
func lockOne(file *os.File, s span) error {
	if err := setLock(file, unix.F_RDLCK, gate()); err != nil {
		return fmt.Errorf("lock on all sandboxes: %w", err)
	}
	return errors.Join(setLock(file, unix.F_WRLCK, s), setLock(file, unix.F_UNLCK, gate()))
}

// lockAll tries once for the whole range; the gate, once passed, stays locked
// between the tries.
func lockAll(file *os.File, s span) error {
	if err := setLock(file, unix.F_WRLCK, gate()); err != nil {
		return fmt.Errorf("lock on all sandboxes: %w", err)
	}
	if err := setLock(file, unix.F_WRLCK, s); err != nil {
		return fmt.Errorf("lock on a sandbox: %w", err)
	}
	return nil
}

// setLock changes one range of the lock that belongs to the open file, not to
// the process: it is inherited along with the file. It does not wait, and so is not
// interrupted.
func setLock(file *os.File, kind int16, s span) error {
	lk := unix.Flock_t{Type: kind, Start: s.start, Len: s.length}
	err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lk)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return errHeld
	}
	return err
}
