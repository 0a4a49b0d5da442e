package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is the state folder (cniDir). Records are below it in sandboxes/.
type Dir string

// What lies in the state folder itself; none of it is what an older Multus left
// of a container of that name.
const (
	sandboxesName  = "sandboxes"
	unreadableName = "unreadable"
	resultsName    = "results"
	lockName       = "lock"
)

// Create saves a new record durably before anything is done for the sandbox.
// ErrExists where there is one.
func (d Dir) Create(r Record) error {
	w, err := fileOf(r)
	if err != nil {
		return err
	}
	older, err := d.olderExists(r.Sandbox.ContainerID)
	if err != nil {
		return err
	}
	if older {
		return existing(d.path(r.Sandbox.ContainerID))
	}
	f, err := d.ensure(sandboxesName)
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.private(); err != nil {
		return err
	}
	if err := f.write(w); err != nil {
		return err
	}
	return f.publish(w.name)
}

// Update replaces a record atomically: whatever happens, the old one or the new
// one is there. The record that an older Multus left is continued as a new one.
// One that says that a plugin may have been started is on the disk for good when
// Update returns: the old one may not know of it, and then not even a power cut
// may bring that one back.
func (d Dir) Update(r Record) error {
	w, err := fileOf(r)
	if err != nil {
		return err
	}
	f, err := d.ensure(sandboxesName)
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.write(w); err != nil {
		return err
	}
	if err := f.replace(w.name); err != nil || !r.starting() {
		return err
	}
	return f.sync()
}

// Load reads the record of a sandbox, or the one that an older Multus left of
// it. ErrNone; ErrUnreadable.
func (d Dir) Load(k Key) (Record, error) {
	if err := k.check(); err != nil {
		return Record{}, err
	}
	f, err := openFolder(d.path(sandboxesName), true)
	if err == nil {
		defer f.close()
		var r Record
		r, err = f.load(k)
		if err == nil {
			return r, nil
		}
	}
	// Of a name that is too long for a file there is no record of today: Create
	// refuses it.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errTooLong) {
		return d.loadOlder(k)
	}
	return Record{}, err
}

// SetAside moves an unreadable record to a name that says so, and returns it.
func (d Dir) SetAside(k Key) (path string, err error) {
	from, name, err := d.find(k)
	if err != nil {
		return "", err
	}
	defer from.close()
	to, err := d.ensure(unreadableName)
	if err != nil {
		return "", err
	}
	defer to.close()
	// Nothing is synced: a record that a power cut brings back is set aside again.
	for {
		aside := asideName(name, time.Now())
		err := from.move(name, to, aside)
		if err == nil {
			return to.path(aside), from.remove(tempName(name))
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// asideName says what the file was called and when it was set aside, to the
// nanosecond, so that the next try has another name.
func asideName(name string, now time.Time) string {
	suffix := now.UTC().Format(".20060102T150405.000000000Z")
	return name[:min(len(name), maxName-len(suffix))] + suffix
}

// find is the file that Load reads for k: its folder, which the caller closes,
// and its name.
func (d Dir) find(k Key) (folder, string, error) {
	if err := k.check(); err != nil {
		return folder{}, "", err
	}
	f, name, err := d.findRecord(k)
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errTooLong) {
		return f, name, err
	}
	older, err := d.olderExists(k.ContainerID)
	if err != nil {
		return folder{}, "", err
	}
	if !older {
		return folder{}, "", fmt.Errorf("%w %s", ErrNone, k)
	}
	f, err = openFolder(string(d), false)
	return f, k.ContainerID, err
}

func (d Dir) findRecord(k Key) (folder, string, error) {
	name, err := k.fileName()
	if err != nil {
		return folder{}, "", err
	}
	f, err := openFolder(d.path(sandboxesName), true)
	if err != nil {
		return folder{}, "", err
	}
	if _, err := f.stat(name); err != nil {
		f.close()
		return folder{}, "", err
	}
	return f, name, nil
}

// Remove takes a record away, and with it what an older Multus left of the
// sandbox. No record is no error: what a writer left that was killed before there
// was one goes all the same, for which a Record of the sandbox alone will do.
func (d Dir) Remove(r Record) error {
	name, err := r.Key().fileName()
	if err != nil && !errors.Is(err, errTooLong) {
		return err
	}
	// The older files go first: should Multus be killed in between, the record
	// that says that all is detached is still there.
	if err := d.removeOlder(r); err != nil || name == "" {
		return err
	}
	f, err := openFolder(d.path(sandboxesName), true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.close()
	// Nothing is synced: of a record that a power cut brings back there is
	// nothing left to undo but what plugins let undo twice, and GC does it.
	return errors.Join(f.remove(tempName(name)), f.remove(name), d.removeNote(r))
}

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }

// ensure opens a folder below the state folder and makes both where they are
// missing.
func (d Dir) ensure(name string) (folder, error) {
	f, err := openFolder(d.path(name), true)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := d.make(); err != nil {
		return folder{}, err
	}
	if err := makeFolder(d.path(name), 0o700); err != nil {
		return folder{}, err
	}
	return openFolder(d.path(name), true)
}

// make makes the state folder and its parents.
func (d Dir) make() error {
	var missing []string
	for path := filepath.Clean(string(d)); ; path = filepath.Dir(path) {
		_, err := os.Stat(path)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return fmt.Errorf("state folder %s: %w", d, err)
		}
		missing = append(missing, path)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		mode := fs.FileMode(0o755)
		if i == 0 {
			mode = 0o700
		}
		if err := makeFolder(missing[i], mode); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes a folder durably: a record is no safer than the folders above
// it. The parent is synced too where another process made the folder just now,
// as that may not have come so far yet.
func makeFolder(path string, mode fs.FileMode) error {
	err := unix.Mkdir(path, uint32(mode))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("state folder %s: %w", path, err)
	}
	parent, err := openFolder(filepath.Dir(path), false)
	if err != nil {
		return err
	}
	defer parent.close()
	return parent.sync()
}
