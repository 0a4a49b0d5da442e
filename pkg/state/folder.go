package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// folder is an open folder. Everything in it is reached through its descriptor
// and by a single name, never through a symbolic link.
type folder struct {
	file *os.File
}

// openFolder opens the folder at path; the last element of it must be no
// symbolic link where noLink is set.
func openFolder(path string, noLink bool) (folder, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if noLink {
		flags |= unix.O_NOFOLLOW
	}
	var fd int
	err := again(func() (err error) { fd, err = unix.Open(path, flags, 0); return err })
	if errors.Is(err, unix.ENOTDIR) && isLink(path) {
		err = errors.New("a symbolic link, which is not followed here")
	}
	if err != nil {
		return folder{}, fmt.Errorf("state folder %s: %w", path, err)
	}
	return folder{file: os.NewFile(uintptr(fd), path)}, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func (f folder) fd() int { return int(f.file.Fd()) }

// close has nothing to report: nothing is written through the descriptor.
func (f folder) close() { _ = f.file.Close() }

func (f folder) path(name string) string { return filepath.Join(f.file.Name(), name) }

func (f folder) fault(name string, err error) error {
	return fmt.Errorf("%s: %w", f.path(name), err)
}

// private takes the folder from everybody but its owner, should it have been
// made with wider permissions.
func (f folder) private() error {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd(), &st); err != nil {
		return fmt.Errorf("state folder %s: %w", f.file.Name(), err)
	}
	if st.Mode&0o077 == 0 {
		return nil
	}
	if err := f.file.Chmod(0o700); err != nil {
		return fmt.Errorf("permissions of state folder: %w", err)
	}
	return nil
}

// sync makes the folder's names durable. A file system that knows no such call
// for folders (EINVAL) needs none.
func (f folder) sync() error {
	if err := f.file.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}

// exists tells whether anything is called name.
func (f folder) exists(name string) (bool, error) {
	_, err := f.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (f folder) stat(name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := again(func() error { return unix.Fstatat(f.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return st, f.fault(name, err)
	}
	return st, nil
}

// remove unlinks name; that there is none is no error.
func (f folder) remove(name string) error {
	err := again(func() error { return unix.Unlinkat(f.fd(), name, 0) })
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return f.fault(name, err)
	}
	return nil
}

func (f folder) rename(from, to string) error {
	err := again(func() error { return unix.Renameat(f.fd(), from, f.fd(), to) })
	if err != nil {
		return f.fault(to, err)
	}
	return nil
}

// move renames into another folder, or the same, and never replaces: fs.ErrExist.
func (f folder) move(from string, target folder, to string) error {
	err := again(func() error {
		return unix.Renameat2(f.fd(), from, target.fd(), to, unix.RENAME_NOREPLACE)
	})
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// The file system cannot do it in one step. All who write this name hold
		// the same lock, so that two steps will do.
		err = f.moveInTwo(from, target, to)
	}
	if err != nil {
		return target.fault(to, err)
	}
	return nil
}

func (f folder) moveInTwo(from string, target folder, to string) error {
	taken, err := target.exists(to)
	if err != nil {
		return err
	}
	if taken {
		return unix.EEXIST
	}
	return again(func() error { return unix.Renameat(f.fd(), from, target.fd(), to) })
}

// content is what a file holds and when it was last written.
type content struct {
	data     []byte
	modified time.Time
}

// read reads a regular file. ErrUnreadable where name is anything else, is
// longer than maxFile, or the file system has lost its content.
func (f folder) read(name string) (content, error) {
	// Without O_NONBLOCK a FIFO in the file's place would block for ever.
	flags := unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	var fd int
	err := again(func() (err error) { fd, err = unix.Openat(f.fd(), name, flags, 0); return err })
	switch {
	case errors.Is(err, unix.ELOOP):
		return content{}, f.unreadable(name, errors.New("a symbolic link"))
	case errors.Is(err, unix.ENXIO):
		return content{}, f.unreadable(name, errors.New("no regular file"))
	case err != nil:
		return content{}, f.fault(name, err)
	}
	defer unix.Close(fd)
	return f.readOpen(fd, name)
}

func (f folder) readOpen(fd int, name string) (content, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return content{}, f.fault(name, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return content{}, f.unreadable(name, errors.New("no regular file"))
	case st.Size > maxFile:
		return content{}, f.unreadable(name, fmt.Errorf("%d bytes, more than %d", st.Size, maxFile))
	}
	data := make([]byte, st.Size)
	n, err := readAll(fd, data)
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.EBADMSG) || errors.Is(err, unix.EUCLEAN) {
		return content{}, f.unreadable(name, err)
	}
	if err != nil {
		return content{}, f.fault(name, err)
	}
	return content{data: data[:n], modified: time.Unix(st.Mtim.Unix())}, nil
}

func (f folder) unreadable(name string, err error) error {
	return fmt.Errorf("%w %s: %w", ErrUnreadable, f.path(name), err)
}

// names are the names in the folder, in no order.
func (f folder) names() ([]string, error) {
	names, err := f.file.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	return names, nil
}

// readAll fills p, or as much of it as the file holds.
func readAll(fd int, p []byte) (int, error) {
	total := 0
	for total < len(p) {
		var n int
		err := again(func() (err error) { n, err = unix.Read(fd, p[total:]); return err })
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
	return total, nil
}

// writeAll writes p; a disk that fills up halfway says so at the next write.
func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		var n int
		err := again(func() (err error) { n, err = unix.Write(fd, p); return err })
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrShortWrite
		}
		p = p[n:]
	}
	return nil
}

// again repeats a system call that a signal interrupted.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
