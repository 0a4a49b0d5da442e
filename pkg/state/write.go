package state

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// file is a record as it is written: the name of its file and its content.
type file struct {
	name string
	data []byte
}

func fileOf(r Record) (file, error) {
	name, err := r.Key().fileName()
	if err != nil {
		return file{}, err
	}
	data, err := encode(r)
	return file{name: name, data: data}, err
}

// write puts the content under the temporary name and, but for the name, on the
// disk. On any error nothing is left under it.
func (f folder) write(w file) error {
	temp := tempName(w.name)
	fd, err := f.create(temp)
	if err != nil {
		return err
	}
	err = writeAll(fd, w.data)
	if err == nil {
		// The size is synced along with the data; times are of no interest.
		err = again(func() error { return unix.Fdatasync(fd) })
	}
	// close reports what a network file system could not write.
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return errors.Join(f.fault(w.name, err), f.remove(temp))
	}
	return nil
}

// create opens a new file. The holder of the sandbox's lock is alone in using
// its temporary name, so that what is there is a killed writer's and goes.
func (f folder) create(temp string) (int, error) {
	flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	var fd int
	open := func() (err error) { fd, err = unix.Openat(f.fd(), temp, flags, 0o600); return err }
	err := again(open)
	if errors.Is(err, unix.EEXIST) {
		if err := f.remove(temp); err != nil {
			return -1, err
		}
		err = again(open)
	}
	if err != nil {
		return -1, f.fault(temp, err)
	}
	return fd, nil
}

// publish gives a new record its name, durably; ErrExists where the name is
// taken. On any error nothing of the new record is left.
func (f folder) publish(name string) error {
	err := f.move(tempName(name), f, name)
	if errors.Is(err, unix.EEXIST) {
		return errors.Join(existing(f.path(name)), f.remove(tempName(name)))
	}
	if err != nil {
		return errors.Join(err, f.remove(tempName(name)))
	}
	if err := f.sync(); err != nil {
		return errors.Join(err, f.remove(name))
	}
	return nil
}

// replace gives a record its name in the place of the one before it. The folder
// is not synced: should a power cut undo the rename, the record before it is
// there, from which DEL undoes as much or more, unless the new one is starting.
func (f folder) replace(name string) error {
	if err := f.rename(tempName(name), name); err != nil {
		return errors.Join(err, f.remove(tempName(name)))
	}
	return nil
}

func existing(path string) error {
	return fmt.Errorf("%w: %s", ErrExists, filepath.Clean(path))
}
