package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/regular"
)

// directory is an open directory. Everything in it is reached through its
// descriptor and by a single name.
type directory struct{ *os.Root }

// open opens the state directory, or one below it. Only the state directory itself
// may be a symbolic link: its path is the admin's.
func (d Dir) open(names ...string) (directory, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return directory{}, fmt.Errorf("state directory: %w", err)
	}
	opened := directory{root}
	for _, name := range names {
		below, err := opened.sub(name)
		opened.close()
		if err != nil {
			return directory{}, err
		}
		opened = below
	}
	return opened, nil
}

func (f directory) sub(name string) (directory, error) {
	info, err := f.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		err = errors.New("a symbolic link, which is not followed here")
	}
	var root *os.Root
	if err == nil {
		root, err = f.OpenRoot(name)
	}
	if err != nil {
		return directory{}, fmt.Errorf("state directory %w", f.fault(name, err))
	}
	return directory{root}, nil
}

// ensure opens a directory below the state directory, and makes what is missing.
func (d Dir) ensure(names ...string) (directory, error) {
	for i := range len(names) + 1 {
		if err := makeDurable(d.path(names[:i]...), 0o700); err != nil {
			return directory{}, fmt.Errorf("state directory: %w", err)
		}
	}
	return d.open(names...)
}

// makeDurable makes a directory and those above it: a record is no safer than they
// are. The parent is synced too where another process made the directory just now,
// as that may not have come so far yet.
func makeDurable(path string, mode fs.FileMode) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if err := makeDurable(parent, 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncNames(parent)
}

// syncNames makes a directory's names durable. A file system that knows no such call
// for directories (EINVAL) needs none.
func syncNames(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// close has nothing to report: nothing is written through the descriptor.
func (f directory) close() { _ = f.Close() }

func (f directory) path(name string) string { return filepath.Join(f.Name(), name) }

// fault names the whole path in an error; nil stays nil.
func (f directory) fault(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", f.path(name), reason(err))
}

// reason is the error without what a PathError or LinkError says beside it.
func reason(err error) error {
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return regular.Reason(err)
}

func (f directory) sync() error { return f.fault("", syncNames(f.Name())) }

// remove removes a file; that there is none is no error.
func (f directory) remove(name string) error {
	return f.fault(name, unlessMissing(f.Remove(name)))
}

// unlessMissing is the error, but for one that says that something is not there.
func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// read reads a regular file. ErrUnreadable where name is anything else, is longer
// than maxFile, or the file system has lost its content.
func (f directory) read(name string) ([]byte, error) {
	info, err := f.Lstat(name)
	switch {
	case err != nil:
		return nil, f.fault(name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, f.unreadable(name, errors.New("a symbolic link"))
	case !info.Mode().IsRegular():
		return nil, f.unreadable(name, errors.New("no regular file"))
	case info.Size() > maxFile:
		return nil, f.unreadable(name, fmt.Errorf("%d bytes, more than %d", info.Size(), maxFile))
	}
	file, err := f.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, f.fault(name, err)
	}
	defer file.Close()
	data, err := regular.ReadOpen(file, maxFile)
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.EBADMSG) || errors.Is(err, unix.EUCLEAN) {
		return nil, f.unreadable(name, reason(err))
	}
	return data, f.fault(name, err)
}

func (f directory) unreadable(name string, err error) error {
	return fmt.Errorf("%w %s: %w", ErrUnreadable, f.path(name), err)
}

// write puts a file in the place of the one before it, its content durably: whatever
// happens, the old one or the new one is there. On any error nothing is left of the
// new one. The holder of the sandbox's lock is alone in using the temporary name, so
// that what is there is a killed writer's.
func (f directory) write(name string, data []byte) error {
	temp := tempName(name)
	err := f.writeNew(temp, data)
	if errors.Is(err, fs.ErrExist) {
		err = errors.Join(f.remove(temp), f.writeNew(temp, data))
	}
	if err == nil {
		err = f.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(f.fault(name, err), f.remove(temp))
	}
	return nil
}

func (f directory) writeNew(name string, data []byte) error {
	file, err := f.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	// Close reports what a network file system could not write.
	return errors.Join(err, file.Close())
}

// Clear removes the state directory where nothing is recorded in it, with these files
// of others. What is not Multus's keeps it there.
func (d Dir) Clear(others ...string) error {
	for _, name := range append([]string{sandboxesName, unfinishedName, lockName}, others...) {
		if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil // there is something in it
		}
	}
	err := os.Remove(string(d))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EBUSY) {
		return nil
	}
	return err
}
