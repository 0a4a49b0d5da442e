package delegate

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a plugin's process and our ends of its pipes. The thread that started it
// does all that there is to do, and sleeps in poll(2) or waitid(2) meanwhile. os/exec
// has a goroutine for each pipe and one for the context; that they wake each other,
// and the network poller, costs as much again as to start a process.
type child struct {
	pid   int
	stdin []byte // what is still to be written
	ends  [3]int // for standard input, output and error; -1 once closed

	mu     sync.Mutex
	reaped bool // then pid may be another process's
	status syscall.WaitStatus
}

const (
	// outputGrace is how long the pipes are served after the plugin itself has
	// ended: a child of it may keep them open for ever.
	outputGrace = 500 * time.Millisecond
	// look is how often it is looked whether a plugin has ended whose output is
	// still open. Where nobody else keeps it open its end is seen by that.
	look = 100 * time.Millisecond
)

// start runs a plugin. As much as the pipe takes of its input is written before:
// mostly all of it, so that nobody has to wait for the plugin to read.
func start(r run, keep []*os.File) (*child, error) {
	pipes, err := openPipes()
	if err != nil {
		return nil, err
	}
	theirs := []int{pipes[0][0], pipes[1][1], pipes[2][1]}
	defer closeAll(theirs)
	c := &child{stdin: r.stdin, ends: [3]int{pipes[0][1], pipes[1][0], pipes[2][0]}}
	c.write()
	attr := syscall.ProcAttr{Env: r.environ, Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}}
	for _, fd := range theirs {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	for _, f := range keep {
		attr.Files = append(attr.Files, f.Fd())
	}
	c.pid, err = syscall.ForkExec(r.path, []string{r.path}, &attr)
	runtime.KeepAlive(keep)
	if err != nil {
		c.close()
		return nil, &os.PathError{Op: "fork/exec", Path: r.path, Err: err}
	}
	return c, nil
}

// openPipes makes the three pipes, each with its end to read from first. Our end of
// standard input must not block: more may be to be written than the pipe takes.
func openPipes() (pipes [3][2]int, err error) {
	for i := range pipes {
		if err = unix.Pipe2(pipes[i][:], unix.O_CLOEXEC); err != nil {
			for _, p := range pipes[:i] {
				closeAll(p[:])
			}
			return pipes, os.NewSyscallError("pipe2", err)
		}
	}
	if err = unix.SetNonblock(pipes[0][1], true); err != nil {
		for _, p := range pipes {
			closeAll(p[:])
		}
		return pipes, os.NewSyscallError("fcntl", err)
	}
	return pipes, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// finish feeds the plugin and takes what it prints until it has ended.
func (c *child) finish(stdout, stderr io.Writer) (syscall.WaitStatus, error) {
	err := c.exchange(stdout, stderr)
	c.close()
	if err != nil {
		c.kill()
	}
	if waited := c.wait(); err == nil {
		err = waited
	}
	return c.status, err
}

// exchange goes on until all pipes are closed, but once the plugin has ended not
// for longer than the grace.
func (c *child) exchange(stdout, stderr io.Writer) error {
	to := [3]io.Writer{1: stdout, 2: stderr}
	buf := make([]byte, 8<<10)
	looked, end := time.Now(), time.Time{}
	for c.ends != [3]int{-1, -1, -1} {
		if err := c.step(buf, to); err != nil {
			return err
		}
		now := time.Now()
		if !c.reaped && now.Sub(looked) >= look {
			looked, end = now, now.Add(outputGrace)
			if err := c.reap(unix.WNOHANG); err != nil {
				return err
			}
		}
		if c.reaped && now.After(end) {
			return nil
		}
	}
	return nil
}

// step waits until something can be read or written, or until it is time to look,
// and does it.
func (c *child) step(buf []byte, to [3]io.Writer) error {
	var fds [3]unix.PollFd
	for i, fd := range c.ends { // negative ones are passed over
		fds[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	}
	fds[0].Events = unix.POLLOUT
	if _, err := unix.Poll(fds[:], int(look/time.Millisecond)); err != nil && !later(err) {
		return os.NewSyscallError("poll", err)
	}
	if fds[0].Revents != 0 {
		c.write()
	}
	for i := 1; i < len(fds); i++ {
		if fds[i].Revents != 0 {
			c.read(i, buf, to[i])
		}
	}
	return nil
}

// write writes what the pipe takes. A plugin that does not want to read has to know
// what it does.
func (c *child) write() {
	for len(c.stdin) > 0 {
		n, err := unix.Write(c.ends[0], c.stdin)
		if later(err) {
			return
		}
		if err != nil {
			break
		}
		c.stdin = c.stdin[n:]
	}
	c.shut(0)
}

// read takes what is there of an output, or closes our end where there is no more.
func (c *child) read(i int, buf []byte, to io.Writer) {
	n, err := unix.Read(c.ends[i], buf)
	switch {
	case later(err):
	case err != nil || n == 0:
		c.shut(i)
	default:
		_, _ = to.Write(buf[:n]) // does not fail: capture and bounded
	}
}

func later(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)
}

func (c *child) shut(i int) {
	if c.ends[i] >= 0 {
		_ = unix.Close(c.ends[i])
		c.ends[i] = -1
	}
}

func (c *child) close() {
	for i := range c.ends {
		c.shut(i)
	}
}

// kill kills the plugin and its group, unless the plugin has been waited for.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		_ = syscall.Kill(-c.pid, syscall.SIGKILL)
		_ = syscall.Kill(c.pid, syscall.SIGKILL) // it may have changed its group
	}
}

// wait waits for the end of the plugin. Only then, when that takes no time, is the
// lock held: until then the plugin can be killed.
func (c *child) wait() error {
	err := error(unix.EINTR)
	for !c.reaped && errors.Is(err, unix.EINTR) {
		err = unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	return c.reap(0)
}

// reap takes the status of a plugin that has ended. After that nobody kills it.
func (c *child) reap(options int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return nil
	}
	pid, err := syscall.Wait4(c.pid, &c.status, options, nil)
	for errors.Is(err, syscall.EINTR) {
		pid, err = syscall.Wait4(c.pid, &c.status, options, nil)
	}
	c.reaped = err != nil || pid == c.pid // an error: it is nobody's child any more
	return os.NewSyscallError("wait4", err)
}
