package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// unfinishedName is the directory of notes: unfinished/<pod UID>/<record's name>. A
// note is an empty file; all that it says is in the record of its name.
const unfinishedName = "unfinished"

// Sandbox is the sandbox of the key, as far as the key tells.
func (k Key) Sandbox() plan.Sandbox {
	return plan.Sandbox{ContainerID: k.ContainerID, IfName: k.IfName}
}

// NoteUnfinished notes for the pod that a DEL or a roll-back of the sandbox could not
// finish. A pod without a UID has no notes. A power cut may lose one: the record
// stays, and Collect finds it.
func (d Dir) NoteUnfinished(r Record) error {
	path, err := d.notePath(r)
	if path == "" || err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("note of an unfinished sandbox: %w", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("note of an unfinished sandbox: %w", err)
	}
	return nil
}

// Unfinished are the sandboxes noted for a pod, in order.
func (d Dir) Unfinished(podUID string) ([]Key, error) {
	if name.Network(podUID) != nil {
		return nil, nil // nor does NoteUnfinished write there
	}
	entries, err := os.ReadDir(filepath.Join(d.path(unfinishedName), podUID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var keys []Key
	for _, e := range entries {
		if k, ok := keyFromName(e.Name()); ok {
			keys = append(keys, k)
		}
	}
	return keys, err
}

// IsUnfinished tells whether the sandbox is noted.
func (d Dir) IsUnfinished(r Record) bool {
	path, err := d.notePath(r)
	if path == "" || err != nil {
		return false
	}
	_, err = os.Lstat(path)
	return err == nil
}

// removeNote takes the note of a sandbox away, and the pod's directory with the last.
func (d Dir) removeNote(r Record) error {
	path, err := d.notePath(r)
	if path == "" || err != nil {
		return err
	}
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("note of an unfinished sandbox: %w", err)
	}
	_ = os.Remove(filepath.Dir(path)) // while others are in it this fails
	return nil
}

// notePath is "" where the pod has no UID that can be a name.
func (d Dir) notePath(r Record) (string, error) {
	if name.Network(r.Pod.UID) != nil {
		return "", nil
	}
	file, err := r.Key().fileName()
	return filepath.Join(d.path(unfinishedName), r.Pod.UID, file), err
}
