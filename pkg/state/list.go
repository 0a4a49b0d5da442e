package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// staleAfter is the age from which a temporary file is taken for one that a
// killed process left: no writer takes that long, and should one sleep through
// it, its rename fails and the record stays what it was.
const staleAfter = time.Hour

// Keys names all sandboxes that have a record, readable or not, in order. It
// reads names alone but for what an older Multus left, whose names do not say it.
func (d Dir) Keys() ([]Key, error) {
	f, keys, err := d.sandboxes()
	f.close()
	c := d.cache()
	defer c.close()
	olderErr := d.olders(keys, func(o older, err error) {
		// One that cannot be read has no interface to tell; Load will say why.
		k := Key{ContainerID: o.id, IfName: usualInterface}
		if err == nil {
			k.IfName = c.ifName(o)
		}
		keys = append(keys, k)
	})
	slices.SortFunc(keys, compare)
	return keys, errors.Join(err, olderErr)
}

// List reads all records, the older formats included. Unreadable ones are in the
// joined error, the others are returned all the same.
func (d Dir) List() ([]Record, error) {
	f, keys, err := d.sandboxes()
	defer f.close()
	records := make([]Record, 0, len(keys))
	errs := []error{err}
	for _, k := range keys {
		r, err := f.load(k)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since the folder was read
		case err != nil:
			errs = append(errs, err)
		default:
			records = append(records, r)
		}
	}
	c := d.cache()
	defer c.close()
	err = d.olders(keys, func(o older, err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		records = append(records, o.record(c.ifName(o), c))
	})
	slices.SortFunc(records, func(a, b Record) int { return compare(a.Key(), b.Key()) })
	return records, errors.Join(append(errs, err)...)
}

func compare(a, b Key) int {
	return cmp.Or(strings.Compare(a.ContainerID, b.ContainerID), strings.Compare(a.IfName, b.IfName))
}

// sandboxes opens the folder of records and names those in it; the zero folder
// where there is none. Temporaries that killed writers left go on the way.
func (d Dir) sandboxes() (folder, []Key, error) {
	f, err := openFolder(d.path(sandboxesName), true)
	if errors.Is(err, fs.ErrNotExist) {
		return folder{}, nil, nil
	}
	if err != nil {
		return folder{}, nil, err
	}
	names, err := f.names()
	keys := make([]Key, 0, len(names))
	for _, name := range names {
		if k, ok := keyFromName(name); ok {
			keys = append(keys, k)
		} else {
			f.sweep(name)
		}
	}
	return f, keys, err
}

// sweep removes a stale temporary. That it cannot be is nothing to fail for: the
// next writer of the record, or its removal, takes it away.
func (f folder) sweep(name string) {
	_, temp := keyFromName(strings.TrimSuffix(strings.TrimPrefix(name, "."), ".tmp"))
	if !temp {
		return
	}
	if st, err := f.stat(name); err == nil && time.Since(time.Unix(st.Mtim.Unix())) > staleAfter {
		_ = f.remove(name)
	}
}

// load reads the record of a sandbox; fs.ErrNotExist where there is none.
func (f folder) load(k Key) (Record, error) {
	name, err := k.fileName()
	if err != nil {
		return Record{}, err
	}
	c, err := f.read(name)
	if err != nil {
		return Record{}, err
	}
	r, err := decode(c.data, k)
	if err != nil {
		return Record{}, f.unreadable(name, err)
	}
	return r, nil
}

// olders reads what an older Multus left of containers that have no record of
// today, one after another. Other files in the folder are passed over.
func (d Dir) olders(known []Key, found func(older, error)) error {
	f, err := openFolder(string(d), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.close()
	entries, err := f.file.ReadDir(-1)
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	continued := make(map[string]bool, len(known))
	for _, k := range known {
		continued[k.ContainerID] = true
	}
	for _, e := range entries {
		id := e.Name()
		if !e.Type().IsRegular() || reserved(id) || continued[id] || !f.holdsArray(id) {
			continue
		}
		if o, err := f.older(id); !errors.Is(err, ErrNone) {
			o.id = id
			found(o, err)
		}
	}
	return nil
}

// holdsArray tells whether a file begins as an older record does. Whatever else
// lies in the folder is not read any further.
func (f folder) holdsArray(name string) bool {
	fd, err := unix.Openat(f.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var start [64]byte
	n, err := readAll(fd, start[:])
	return err == nil && bytes.HasPrefix(bytes.TrimLeft(start[:n], " \t\r\n"), []byte("["))
}
