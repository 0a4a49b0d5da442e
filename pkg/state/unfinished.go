package state

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/plan"
)

// Sandbox is the sandbox of the key, as far as the key tells.
func (k Key) Sandbox() plan.Sandbox {
	return plan.Sandbox{ContainerID: k.ContainerID, IfName: k.IfName}
}

// NoteUnfinished notes for the pod that a DEL or a roll-back of the sandbox could not
// finish, and that its runtime may never come back for it: an empty file in
// unfinished/<pod UID>/ that is called as the record is. A pod without a UID has no notes.
func (d Dir) NoteUnfinished(r Record) error {
	uid := noteUID(r)
	file, err := r.Key().fileName()
	if err != nil || uid == "" {
		return err
	}
	f, err := d.ensure(unfinishedName, uid)
	if err != nil {
		return err
	}
	defer f.close()
	return errors.Join(f.write(file, nil), f.sync())
}

// Unfinished are the sandboxes noted for a pod, in order.
func (d Dir) Unfinished(podUID string) ([]Key, error) {
	if !isUID(podUID) {
		return nil, nil
	}
	return d.keys(unfinishedName, podUID)
}

// Note says that a sandbox of a pod is unfinished.
type Note struct {
	Key
	PodUID string
}

// Notes are all notes, those too whose record is gone or cannot be read.
func (d Dir) Notes() ([]Note, error) {
	f, err := d.open(unfinishedName)
	if err != nil {
		return nil, unlessMissing(err)
	}
	defer f.close()
	pods, err := fs.ReadDir(f.FS(), ".")
	errs := []error{f.fault("", err)}
	var notes []Note
	for _, pod := range pods {
		keys, err := d.Unfinished(pod.Name())
		errs = append(errs, err)
		for _, k := range keys {
			notes = append(notes, Note{k, pod.Name()})
		}
	}
	return notes, errors.Join(errs...)
}

// IsUnfinished tells whether the sandbox is noted.
func (d Dir) IsUnfinished(r Record) bool {
	noted, _ := d.Unfinished(noteUID(r)) // what cannot be read tells nothing
	return slices.Contains(noted, r.Key())
}

// IsStale tells whether no runtime will come back for a sandbox: it is noted as
// unfinished, or surely gone, as far as the node itself can tell. A path below /proc
// tells nothing: processes have other IDs where they are looked at from another
// namespace. Nor does a directory that is not there, or an empty file: multus may see
// too little of the node, in a container for one.
func (d Dir) IsStale(r Record) bool {
	if d.IsUnfinished(r) {
		return true
	}
	path := r.Sandbox.NetNS
	if path == "" || strings.HasPrefix(path, "/proc/") {
		return false
	}
	_, errDir := os.Stat(filepath.Dir(path))
	_, err := os.Lstat(path)
	return errDir == nil && errors.Is(err, fs.ErrNotExist)
}

// removeNote takes the note of a sandbox away, and the pod's directory with the last.
func (d Dir) removeNote(r Record) error {
	uid := noteUID(r)
	file, err := r.Key().fileName()
	if err != nil || uid == "" {
		return err
	}
	f, err := d.open(unfinishedName, uid)
	if err != nil {
		return unlessMissing(err)
	}
	defer f.close()
	err = f.remove(file)
	_ = os.Remove(f.Name()) // while others are in it this fails
	return err
}

// noteUID is under what the sandbox is noted; "" for not at all. DEL without a record
// knows the pod from CNI_ARGS alone.
func noteUID(r Record) string {
	uid := cmp.Or(r.Pod.UID, r.Sandbox.Pod().UID)
	if !isUID(uid) {
		return ""
	}
	return uid
}

// isUID tells whether a pod's UID, which comes from outside, can name a directory.
func isUID(uid string) bool { return name.Network(uid) == nil && len(uid) <= maxName }
