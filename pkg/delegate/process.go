package delegate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/version"
)

// Limits of what is taken from a plugin. MaxStdout is an error when exceeded;
// of standard error what exceeds MaxStderr is left out.
const (
	MaxStdout = 4 << 20
	MaxStderr = 1 << 20
)

const (
	// A binary that is being replaced is "text file busy" for a moment.
	busyTries = 20
	busyPause = 50 * time.Millisecond
)

// Process runs plugins as processes of their own. It is the real invoke.Exec.
//
// A plugin leads a process group; when ctx ends the whole group is killed at
// once: a half-done plugin is cleaned up by DEL whichever signal ended it. When
// Multus itself dies the kernel kills the plugin. What a plugin leaves running
// after it ended by itself is not touched.
type Process struct {
	// Stderr is where the plugin's standard error is copied to, after the plugin
	// has ended; nil for nowhere.
	Stderr io.Writer
	// Keep are open files that the plugin and its children inherit, from
	// descriptor 3 on: a lock stays held as long as one of them lives.
	Keep []*os.File
}

// Holding is the Process whose plugins inherit one more file.
func (p Process) Holding(f *os.File) invoke.Exec {
	p.Keep = append(p.Keep[:len(p.Keep):len(p.Keep)], f)
	return p
}

var _ invoke.Exec = Process{}

// FindInPath is the path of the binary for a plugin type.
func (Process) FindInPath(plugin string, paths []string) (string, error) {
	return invoke.FindInPath(plugin, paths)
}

// Decode reads the answer to VERSION.
func (Process) Decode(answer []byte) (version.PluginInfo, error) {
	return new(version.PluginDecoder).Decode(answer)
}

// ExecPlugin runs the plugin to its end and returns its standard output. A
// plugin that fails gives a *types.Error if it printed one, else an error that
// says how it ended.
func (p Process) ExecPlugin(ctx context.Context, plugin string, stdin []byte, environ []string) ([]byte, error) {
	path, err := filepath.Abs(plugin) // a bare name would be looked up in $PATH
	if err != nil {
		return nil, err
	}
	// The kernel's death signal comes when the thread that started the plugin
	// ends, so that thread must not end before the plugin does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for try := 1; ; try++ {
		out, err := p.run(ctx, run{path: path, stdin: stdin, environ: environ})
		if !errors.Is(err, syscall.ETXTBSY) || try == busyTries {
			return out, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(busyPause):
		}
	}
}

// run is what one execution is made of.
type run struct {
	path    string
	stdin   []byte
	environ []string
}

func (p Process) run(ctx context.Context, r run) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := p.start(r)
	if err != nil {
		return nil, &startError{err}
	}
	stdout, stderr := &bounded{limit: MaxStdout, full: c.kill}, &capture{}
	err = c.finish(ctx, stdout, stderr)
	if p.Stderr != nil && len(stderr.data) > 0 {
		_, _ = p.Stderr.Write(stderr.Bytes()) // for people; the command goes on without
	}
	switch {
	case stdout.over:
		return nil, fmt.Errorf("more than %d MiB on standard output, killed", MaxStdout>>20)
	// Success is success, also where the time was up at that very moment, or a
	// child of the plugin still holds the output open: what was printed counts.
	case c.cmd.ProcessState != nil && c.cmd.ProcessState.Success():
		return stdout.data, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case c.cmd.ProcessState == nil:
		return nil, err
	}
	return nil, failure(ending(c.cmd.ProcessState), stdout.data, stderr.data)
}
