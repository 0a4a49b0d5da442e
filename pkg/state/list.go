package state

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

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

// keys are those whose files are in a directory; none where it is missing.
func (d Dir) keys(names ...string) ([]Key, error) {
	f, err := d.open(names...)
	if err != nil {
		return nil, unlessMissing(err)
	}
	defer f.close()
	entries, err := fs.ReadDir(f.FS(), ".")
	keys := make([]Key, 0, len(entries))
	for _, e := range entries {
		if k, ok := keyFromName(e.Name()); ok {
			keys = append(keys, k)
		}
	}
	return keys, f.fault("", err)
}
