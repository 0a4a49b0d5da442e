package state

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// staleAfter is the age from which a temporary file is taken for one that a
// killed process left: no writer takes that long, and should one sleep through
// it, its rename fails and the record stays what it was.
const staleAfter = time.Hour

// Keys names all sandboxes that have a record, readable or not, in order. It
// reads names alone but for what an older Multus left, whose names do not say it.
func (d Dir) Keys() ([]Key, error) {
	keys, err := d.keys(sandboxesName)
	older, olderErr := d.legacyKeys(keys)
	keys = append(keys, older...)
	slices.SortFunc(keys, compare)
	return keys, errors.Join(err, olderErr)
}

// List reads all records, the older formats included. Unreadable ones are in the
// joined error, the others are returned all the same.
func (d Dir) List() ([]Record, error) {
	keys, err := d.Keys()
	records := make([]Record, 0, len(keys))
	errs := []error{err}
	for _, k := range keys {
		r, err := d.Load(k)
		switch {
		case errors.Is(err, ErrNone): // removed since the directory was read
		case err != nil:
			errs = append(errs, err)
		default:
			records = append(records, r)
		}
	}
	return records, errors.Join(errs...)
}

func compare(a, b Key) int {
	return cmp.Or(strings.Compare(a.ContainerID, b.ContainerID), strings.Compare(a.IfName, b.IfName))
}

// keys are those whose files are in a directory, in order; none where it is missing. Temporaries that killed
// writers left go on the way.
func (d Dir) keys(names ...string) ([]Key, error) {
	f, err := d.open(names...)
	if err != nil {
		return nil, unlessMissing(err)
	}
	defer f.close()
	entries, err := f.entries()
	keys := make([]Key, 0, len(entries))
	for _, e := range entries {
		if k, ok := keyFromName(e.Name()); ok {
			keys = append(keys, k)
		} else {
			f.sweep(e.Name())
		}
	}
	slices.SortFunc(keys, compare)
	return keys, err
}

// sweep removes a stale temporary. That it cannot be is nothing to fail for: the
// next writer of the record, or its removal, takes it away.
func (f directory) sweep(name string) {
	_, temp := keyFromName(strings.TrimSuffix(strings.TrimPrefix(name, "."), ".tmp"))
	if !temp {
		return
	}
	if info, err := f.Lstat(name); err == nil && time.Since(info.ModTime()) > staleAfter {
		_ = f.remove(name)
	}
}
