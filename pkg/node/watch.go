package node

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"
)

// settle is how long changes are gathered before they are looked at.
const settle = 100 * time.Millisecond

// watch watches directories until something changes in them. It is made anew for each
// look, before the look: what changes meanwhile is seen, and so is a directory that
// was replaced since.
type watch struct{ *fsnotify.Watcher }

func newWatch(dirs []string, log *logrus.Entry) *watch {
	watcher, err := fsnotify.NewWatcher()
	if err != nil { // the node has no more of them
		log.WithError(err).Debug("changes are not watched; the poll looks for them")
		return &watch{}
	}
	for _, dir := range dirs {
		for _, d := range append(links(dir), dir) {
			if err := watcher.Add(d); err != nil {
				log.WithError(err).WithField("directory", d).Debug("not watched; the poll looks at it")
			}
		}
	}
	return &watch{watcher}
}

// links are the directories in which the links are that a path leads over.
func links(path string) []string {
	var dirs []string
	for ; path != filepath.Dir(path); path = filepath.Dir(path) {
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	return dirs
}

// wait waits for a change, and then until changes have settled, or for the pause, or
// until it is woken. It ends the watch.
func (w *watch) wait(ctx context.Context, pause time.Duration, wake <-chan struct{}) {
	defer w.close()
	var events chan fsnotify.Event
	if w.Watcher != nil {
		events = w.Events
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case <-wake:
		return
	case <-events:
	}
	settled := time.NewTimer(settle)
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-settled.C:
			return
		case <-events:
		}
	}
}

// close ends the watch: changes are heard of no more.
func (w *watch) close() {
	if w.Watcher != nil {
		_ = w.Close() // it has no error
		w.Watcher = nil
	}
}
