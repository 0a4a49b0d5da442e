package delegate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a plugin's process and our ends of its outputs. The thread that started it
// serves it too, asleep in poll(2) or waitid(2) meanwhile. Left to os/exec that takes a
// goroutine for each pipe and one for the context, which wake each other all the time:
// docs/performance.md says what that costs.
type child struct {
	cmd     *exec.Cmd
	outputs [2]*os.File // standard output and standard error
}

const (
	// outputGrace is how long the outputs are read after the plugin itself has ended:
	// a child of it may keep them open for ever.
	outputGrace = 500 * time.Millisecond
	// look is how often it is looked whether a plugin has ended whose outputs are
	// still open.
	look = 100 * time.Millisecond
)

// start runs a plugin. With files alone to hand over os/exec starts no goroutine.
func (p Process) start(r run) (*child, error) {
	cmd := exec.Command(r.path)
	cmd.Env, cmd.ExtraFiles, cmd.WaitDelay = r.environ, p.Keep, outputGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Stdin = bytes.NewReader(r.stdin)
	if stdin := filled(r.stdin); stdin != nil {
		defer stdin.Close()
		cmd.Stdin = stdin
	}
	stdout, stdoutTo, err1 := pipe()
	stderr, stderrTo, err2 := pipe()
	defer closeAll(stdoutTo, stderrTo)
	cmd.Stdout, cmd.Stderr = stdoutTo, stderrTo
	err := errors.Join(err1, err2)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		closeAll(stdout, stderr)
		return nil, err
	}
	return &child{cmd: cmd, outputs: [2]*os.File{stdout, stderr}}, nil
}

// filled is a pipe with the whole input in it, so that nobody has to feed the plugin;
// nil where a pipe does not take as much.
func filled(input []byte) *os.File {
	from, to, err := pipe()
	if err != nil {
		return nil
	}
	defer to.Close()
	size, err := unix.FcntlInt(to.Fd(), unix.F_GETPIPE_SZ, 0)
	if err == nil && len(input) <= size {
		_, err = to.Write(input)
	}
	if err != nil || len(input) > size {
		closeAll(from)
		return nil
	}
	return from
}

// pipe is os.Pipe without the runtime's own poller.
func pipe() (from, to *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe"), nil
}

// finish takes what the plugin prints, and waits for its end or, should ctx end before,
// kills it.
func (c *child) finish(ctx context.Context, stdout, stderr io.Writer) error {
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { c.kill(); close(killed) })
	err := c.read(stdout, stderr)
	closeAll(c.outputs[:]...)
	if err != nil {
		c.kill()
	}
	c.ended(0)
	if !stop() {
		<-killed // its number is nobody else's before it is waited for
	}
	return errors.Join(err, c.cmd.Wait())
}

// read takes what the plugin prints until its outputs are closed or, where it has ended
// itself, the grace is over.
func (c *child) read(to ...io.Writer) error {
	fds := make([]unix.PollFd, len(c.outputs))
	for i, f := range c.outputs {
		fds[i] = unix.PollFd{Fd: int32(f.Fd()), Events: unix.POLLIN}
	}
	buf, looked, ended := make([]byte, 8<<10), time.Now(), false
	for fds[0].Fd >= 0 || fds[1].Fd >= 0 {
		if _, err := unix.Poll(fds, int(look/time.Millisecond)); err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
		for i := range fds {
			if fds[i].Revents == 0 {
				continue
			}
			n, _ := c.outputs[i].Read(buf)
			if n == 0 {
				fds[i].Fd = -1 // which poll passes over
			}
			_, _ = to[i].Write(buf[:n]) // does not fail: bounded and capture
		}
		switch since := time.Since(looked); {
		case !ended && since > look:
			looked, ended = time.Now(), c.ended(unix.WNOHANG)
		case ended && since > outputGrace:
			return nil
		}
	}
	return nil
}

// ended waits until the plugin has ended, with WNOHANG it only looks whether it has.
// The process stays to be waited for.
func (c *child) ended(options int) bool {
	var info unix.Siginfo
	err := error(unix.EINTR)
	for errors.Is(err, unix.EINTR) {
		err = unix.Waitid(unix.P_PID, c.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT|options, nil)
	}
	return err != nil || info.Signo != 0
}

// kill kills the plugin and its group.
func (c *child) kill() {
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	_ = c.cmd.Process.Kill() // it may have changed its group
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // also of one that is nil
	}
}
