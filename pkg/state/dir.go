package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Dir is the state directory (cniDir). Records are below it in sandboxes/.
type Dir string

// What lies in the state directory itself; none of it is what an older Multus left
// of a container of that name.
const (
	sandboxesName  = "sandboxes"
	unfinishedName = "unfinished"
	unreadableName = "unreadable"
	resultsName    = "results"
	lockName       = "lock"
)

func (d Dir) path(names ...string) string {
	return filepath.Join(append([]string{string(d)}, names...)...)
}

// Create saves a new record durably before anything is done for the sandbox.
// ErrExists where there is one.
func (d Dir) Create(r Record) error {
	file, data, err := encode(r)
	if err != nil {
		return err
	}
	switch _, err := d.loadLegacy(r.Key()); {
	case err == nil, errors.Is(err, ErrUnreadable):
		return existing(d.path(r.Sandbox.ContainerID))
	case !errors.Is(err, ErrNone):
		return err
	}
	f, err := d.ensure(sandboxesName)
	if err != nil {
		return err
	}
	defer f.close()
	// Whoever writes this name holds the sandbox's lock, so that it stays free.
	if _, err := f.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(existing(f.path(file)), err)
	}
	if err := f.Chmod(".", 0o700); err != nil { // it may have been made by somebody else
		return f.fault("", err)
	}
	if err := f.write(file, data); err != nil {
		return err
	}
	if err := f.sync(); err != nil {
		return errors.Join(err, f.remove(file))
	}
	return nil
}

func existing(path string) error { return fmt.Errorf("%w: %s", ErrExists, path) }

// Update replaces a record atomically. The record that an older Multus left is
// continued as a new one. The directory is not synced: should a power cut bring the
// record before it back, DEL undoes as much or more from that one.
func (d Dir) Update(r Record) error {
	file, data, err := encode(r)
	if err != nil {
		return err
	}
	f, err := d.ensure(sandboxesName)
	if err != nil {
		return err
	}
	defer f.close()
	return f.write(file, data)
}

// Load reads the record of a sandbox, or the one that an older Multus left of
// it. ErrNone; ErrUnreadable.
func (d Dir) Load(k Key) (Record, error) {
	r, err := d.load(k)
	// Of a name that is too long for a file there is no record of today: Create
	// refuses it.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errTooLong) {
		return d.loadLegacy(k)
	}
	return r, err
}

// load is Load for today's records; fs.ErrNotExist where there is none.
func (d Dir) load(k Key) (Record, error) {
	file, err := k.fileName()
	if err != nil {
		return Record{}, err
	}
	f, err := d.open(sandboxesName)
	if err != nil {
		return Record{}, err
	}
	defer f.close()
	data, err := f.read(file)
	if err != nil {
		return Record{}, err
	}
	r, err := decode(data, k)
	if err != nil {
		return Record{}, f.unreadable(file, err)
	}
	return r, nil
}

// SetAside moves an unreadable record to a name that says so, and returns it.
func (d Dir) SetAside(k Key) (path string, err error) {
	file, err := k.fileName()
	if err != nil && !errors.Is(err, errTooLong) {
		return "", err
	}
	from := filepath.Join(sandboxesName, file)
	if _, err := d.load(k); errors.Is(err, fs.ErrNotExist) || errors.Is(err, errTooLong) {
		if _, err := d.loadLegacy(k); err != nil && !errors.Is(err, ErrUnreadable) {
			return "", err
		}
		from, file = k.ContainerID, k.ContainerID
	} else if err != nil && !errors.Is(err, ErrUnreadable) {
		return "", err
	}
	to, err := d.ensure(unreadableName)
	if err != nil {
		return "", err
	}
	to.close()
	f, err := d.open()
	if err != nil {
		return "", err
	}
	defer f.close()
	// Nothing is synced: a record that a power cut brings back is set aside again.
	aside := filepath.Join(unreadableName, asideName(file, time.Now()))
	if err := f.Rename(from, aside); err != nil {
		return "", f.fault(aside, err)
	}
	return f.path(aside), f.remove(filepath.Join(filepath.Dir(from), tempName(file)))
}

// asideName says what the file was called and when it was set aside, to the
// nanosecond, so that each has its own name.
func asideName(file string, now time.Time) string {
	suffix := now.UTC().Format(".20060102T150405.000000000Z")
	return file[:min(len(file), maxName-len(suffix))] + suffix
}

// Remove takes a record away, and with it the note on it and what an older Multus
// left of the sandbox. No record is no error: what a writer left that was killed
// before there was one goes all the same, for which a Record of the sandbox alone
// will do.
func (d Dir) Remove(r Record) error {
	file, err := r.Key().fileName()
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	// The older files go first and the note last: should Multus be killed in between,
	// the record that says that all is detached is still there, or the note alone.
	if err := d.removeLegacy(r); err != nil || file == "" {
		return err
	}
	f, err := d.open(sandboxesName)
	if errors.Is(err, fs.ErrNotExist) {
		return d.removeNote(r)
	}
	if err != nil {
		return err
	}
	defer f.close()
	// Nothing is synced: of a record that a power cut brings back there is
	// nothing left to undo but what plugins let undo twice, and GC does it.
	if err := errors.Join(f.remove(tempName(file)), f.remove(file)); err != nil {
		return err
	}
	return d.removeNote(r)
}
