package node

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	settle     = 100 * time.Millisecond // for which changes are gathered before they are looked at
	askTimeout = 30 * time.Second       // for all that is asked of the API server at one time
)

// watch tells of changes in directories, until it is ended. It is made anew for each
// look, before the look: what changes meanwhile is seen, and so is a directory that
// was replaced since.
func (n Node) watch(dirs []string) (changes <-chan fsnotify.Event, end func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil { // the node has no more of them
		n.Log.WithError(err).Debug("changes are not watched; the poll looks for them")
		return nil, func() {}
	}
	for _, dir := range dirs {
		for _, d := range append(links(dir), dir) {
			if err := watcher.Add(d); err != nil {
				n.Log.WithError(err).WithField("directory", d).Debug("not watched; the poll looks at it")
			}
		}
	}
	return watcher.Events, func() { _ = watcher.Close() } // it has no error
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

// await waits for a change, and then until changes have settled, for the pause, or for
// a token, which it returns.
func await(ctx context.Context, pause time.Duration, changes <-chan fsnotify.Event, tokens <-chan string) (token string) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	case token = <-tokens:
	case <-changes:
		sleep(ctx, settle)
	}
	return token
}

// sleep pauses as long as the context lasts.
func sleep(ctx context.Context, pause time.Duration) { await(ctx, pause, nil, nil) }

// repeat asks for something until the context ends: again after the pause that the
// answer tells, or when something in the directories changes. What fails is logged, and
// asked for again after pauses that grow.
func (n Node) repeat(ctx context.Context, dirs []string, ask func(context.Context) (pause time.Duration, err error)) {
	first := wait.Backoff{Duration: time.Second, Factor: 2, Cap: time.Minute, Steps: 20}
	failures := first
	for ctx.Err() == nil {
		changes, end := n.watch(dirs)
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		pause, err := ask(asking)
		cancel()
		switch {
		case err == nil:
			failures = first
		case ctx.Err() == nil:
			pause = failures.Step()
			n.Log.WithError(err).Warn("asking the API server again")
		}
		await(ctx, max(pause, first.Duration), changes, nil)
		end()
	}
}
