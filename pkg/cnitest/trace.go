//go:build amd64 || arm64

package cnitest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a traced process does.
const (
	Open     = "open" // a file that is there, or is not
	Connect  = "connect"
	Executed = "executed" // a process of its own runs its program now
	Create   = "create"
	Write    = "write"
	Sync     = "sync"
	Truncate = "truncate"
	Rename   = "rename"
	Remove   = "remove"
	Chmod    = "chmod"
	Lock     = "lock"
	Start    = "start" // of a process
	Exit     = "exit"
)

// Step is a moment of a traced process: a system call begins, or has been carried out.
type Step struct {
	Does string
	Done bool
	Path string // of Open and Create
}

// Changes tells whether the world is, or may be, another one after this call.
func (s Step) Changes() bool { return s.Does != Open && s.Does != Connect && s.Does != Executed }

// String says where a process was killed.
func (s Step) String() string {
	if s.Done {
		return "after " + s.Does
	}
	return "before " + s.Does
}

// Trace runs a command and shows watch each of its steps; where watch returns
// false, the process is killed, right there. The threads of the process are
// followed to its end, the processes that it starts until they execute their
// program. It returns how the process ended and what it printed.
func Trace(t testing.TB, cmd *exec.Cmd, watch func(Step) bool) (unix.WaitStatus, []byte) {
	t.Helper()
	runtime.LockOSThread() // a process is traced by the thread that started it
	defer runtime.UnlockOSThread()
	// Files: with pipes, somebody would have to wait for whoever holds them.
	stdin, stdout := scratch(t, cmd.Stdin), scratch(t, nil)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stdout
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("processes may not be traced here")
	}
	Must(t, err)
	tr := &tracer{t: t, pid: cmd.Process.Pid, watch: watch, tasks: map[int]*task{cmd.Process.Pid: {thread: true}}}
	tr.memory, err = os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid))
	Must(t, err)
	defer tr.memory.Close()
	tr.follow()
	Must(t, cmd.Process.Release())
	printed, err := os.ReadFile(stdout.Name())
	Must(t, err)
	return tr.status, printed
}

// KillAt kills a command at the nth of its steps that change the world, and
// returns which one that was; "": it ended, well, without coming so far.
func KillAt(t testing.TB, cmd *exec.Cmd, n int) string {
	t.Helper()
	at := ""
	status, printed := Trace(t, cmd, func(s Step) bool {
		if s.Changes() {
			n--
		}
		if n == 0 {
			at = s.String()
		}
		return n != 0
	})
	if at == "" && (!status.Exited() || status.ExitStatus() != 0) {
		t.Fatalf("%s, which nobody killed: wait status %#x: %s", cmd, int(status), printed)
	}
	return at
}

// scratch is a file of the test that is read from its begin.
func scratch(t testing.TB, content io.Reader) *os.File {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	Must(t, err)
	t.Cleanup(func() { file.Close() })
	if content != nil {
		_, err = io.Copy(file, content)
	}
	_, seek := file.Seek(0, io.SeekStart)
	Must(t, errors.Join(err, seek))
	return file
}

// tracer follows a process.
type tracer struct {
	t      testing.TB
	pid    int
	memory *os.File
	watch  func(Step) bool
	tasks  map[int]*task // those that are traced, by id
	status unix.WaitStatus
}

// task is a thread of the process, or a process that it has started.
type task struct {
	thread bool
	does   Step // the system call that it is in
}

const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL

// follow goes along until nothing is traced any more.
func (tr *tracer) follow() {
	tr.t.Helper()
	for begun := false; len(tr.tasks) > 0; {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return
		case err != nil:
			tr.t.Fatalf("tracing: %v", err)
		case !ws.Stopped():
			tr.ended(tid, ws)
			continue
		}
		if !begun {
			begun = true
			tr.must(unix.PtraceSetOptions(tid, traceOptions))
		}
		tr.must(tr.goOn(tid, ws))
	}
}

func (tr *tracer) ended(tid int, ws unix.WaitStatus) {
	delete(tr.tasks, tid)
	if tid != tr.pid {
		return
	}
	tr.status = ws
	for id, it := range tr.tasks {
		if it.thread {
			delete(tr.tasks, id)
		}
	}
}

// must lets pass that a thread is gone, which may happen to any at any moment.
func (tr *tracer) must(err error) {
	tr.t.Helper()
	if err != nil && !errors.Is(err, unix.ESRCH) {
		_ = unix.Kill(tr.pid, unix.SIGKILL)
		tr.t.Fatalf("tracing: %v", err)
	}
}

// goOn looks at what a task stopped for and lets it go on.
func (tr *tracer) goOn(tid int, ws unix.WaitStatus) error {
	it := tr.tasks[tid]
	if it == nil {
		_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", tr.pid, tid))
		it = &task{thread: err == nil}
		tr.tasks[tid] = it
	}
	signal := ws.StopSignal()
	switch {
	case !it.thread && ws.TrapCause() == unix.PTRACE_EVENT_EXEC:
		delete(tr.tasks, tid)
		tr.show(Step{Does: Executed, Done: true})
		return unix.PtraceDetach(tid)
	case signal == unix.SIGTRAP|0x80:
		if err := tr.systemCall(tid, it); err != nil {
			return err
		}
		signal = 0
	case signal == unix.SIGTRAP, signal == unix.SIGSTOP: // of the tracing itself
		tr.expect(tid, ws.TrapCause())
		signal = 0
	}
	if it.thread {
		return unix.PtraceSyscall(tid, int(signal))
	}
	return unix.PtraceCont(tid, int(signal))
}

// expect notes a process that is about to stop for the first time: it has to be
// let go on even if the one that started it ends before.
func (tr *tracer) expect(tid, event int) {
	if event != unix.PTRACE_EVENT_FORK && event != unix.PTRACE_EVENT_VFORK {
		return
	}
	if child, err := unix.PtraceGetEventMsg(tid); err == nil && tr.tasks[int(child)] == nil {
		tr.tasks[int(child)] = &task{}
	}
}

// show shows a step, and kills the process if that was enough.
func (tr *tracer) show(s Step) {
	if s.Does != "" && !tr.watch(s) {
		tr.watch = func(Step) bool { return true }
		_ = unix.Kill(tr.pid, unix.SIGKILL)
	}
}

// callInfo is struct ptrace_syscall_info, as a system call begins.
type callInfo struct {
	op     uint8
	_      [3]byte
	_      uint32
	_, _   uint64
	number uint64
	args   [6]uint64
}

// begins is callInfo.op as a system call begins.
const begins = 1

// systemCall shows what a thread is about to do, or has done.
func (tr *tracer) systemCall(tid int, it *task) error {
	var info callInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return errno
	}
	it.does.Done = true
	if info.op == begins {
		it.does = tr.does(info)
	}
	tr.show(it.does)
	return nil
}

// does is what a system call will do, as far as it is of interest.
func (tr *tracer) does(info callInfo) Step {
	switch args := info.args; info.number {
	case unix.SYS_OPENAT:
		path := tr.text(args[1])
		if args[2]&unix.O_CREAT != 0 {
			return Step{Does: Create, Path: path}
		}
		return Step{Does: Open, Path: path}
	case unix.SYS_MKDIRAT:
		return Step{Does: Create, Path: tr.text(args[1])}
	case unix.SYS_WRITE:
		// A descriptor of the runtime's own is no path.
		to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, args[0]))
		if err == nil && filepath.IsAbs(to) {
			return Step{Does: Write}
		}
	case unix.SYS_CLONE:
		if args[0]&unix.CLONE_VFORK != 0 {
			return Step{Does: Start}
		}
	case unix.SYS_CLONE3: // the runtime starts threads with clone
		return Step{Does: Start}
	case unix.SYS_FCNTL:
		if args[1] == unix.F_OFD_SETLK || args[1] == unix.F_OFD_SETLKW {
			return Step{Does: Lock}
		}
	}
	return Step{Does: others()[info.number]}
}

// others are system calls that do one thing whatever their arguments.
func others() map[uint64]string {
	return map[uint64]string{
		unix.SYS_SOCKET: Connect, unix.SYS_CONNECT: Connect,
		unix.SYS_FSYNC: Sync, unix.SYS_FDATASYNC: Sync, unix.SYS_SYNC: Sync, unix.SYS_SYNCFS: Sync, unix.SYS_SYNC_FILE_RANGE: Sync,
		unix.SYS_FTRUNCATE: Truncate, unix.SYS_RENAMEAT: Rename, unix.SYS_RENAMEAT2: Rename, unix.SYS_UNLINKAT: Remove,
		unix.SYS_FCHMOD: Chmod, unix.SYS_FCHMODAT: Chmod, unix.SYS_FLOCK: Lock, unix.SYS_EXIT_GROUP: Exit,
	}
}

// text is a string in the memory of the process. What lies behind it may be unreadable.
func (tr *tracer) text(address uint64) string {
	behind := make([]byte, unix.PathMax)
	n, _ := tr.memory.ReadAt(behind, int64(address))
	text, _, found := bytes.Cut(behind[:n], []byte{0})
	if !found {
		tr.t.Errorf("memory of the traced process: no string at %#x", address)
	}
	return strings.ToValidUTF8(string(text), "")
}
