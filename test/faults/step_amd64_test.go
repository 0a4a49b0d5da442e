package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tracer follows all threads of a process, though not its child processes, and
// kills it at one of its steps: right before or right after a system call that
// changes the world.
type tracer struct {
	t      testing.TB
	pid    int
	target int          // the step to kill at
	steps  int          // how many were seen
	inside map[int]bool // threads that are in a system call
	in     map[int]bool // threads that are in one that changes the world
	killed bool
	last   string // the step at which it was killed
}

// killAt runs the command up to its nth step and kills it there. done tells that
// it ended without coming so far.
func (n *node) killAt(verb, id string, step int) (at string, done bool) {
	n.t.Helper()
	runtime.LockOSThread() // a process is traced by the thread that started it
	defer runtime.UnlockOSThread()
	cmd := n.command(verb, id)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	// Files, since with pipes somebody would have to wait for children that hold them.
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	n.must(err)
	defer devNull.Close()
	conf, err := os.CreateTemp(n.dir, "stdin")
	n.must(err)
	defer conf.Close()
	_, err = conf.ReadFrom(cmd.Stdin)
	n.must(err)
	_, err = conf.Seek(0, 0)
	n.must(err)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = conf, devNull, devNull
	err = cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		n.t.Skip("processes may not be traced here")
	}
	n.must(err)
	tr := &tracer{t: n.t, pid: cmd.Process.Pid, target: step, inside: map[int]bool{}, in: map[int]bool{}}
	code := tr.follow()
	_ = cmd.Process.Release()
	if !tr.killed && code != 0 {
		n.t.Fatalf("%s, which nobody killed: exit status %d", verb, code)
	}
	return tr.last, !tr.killed
}

// follow returns the exit status once the process has ended.
func (tr *tracer) follow() int {
	tr.t.Helper()
	for first := true; ; {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			_ = unix.Kill(tr.pid, unix.SIGKILL)
			tr.t.Fatalf("tracing: %v", err)
		case ws.Exited() || ws.Signaled():
			if tid == tr.pid {
				return ws.ExitStatus()
			}
			continue
		case first:
			first = false
			const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
			if err := unix.PtraceSetOptions(tid, options); err != nil {
				_ = unix.Kill(tr.pid, unix.SIGKILL)
				tr.t.Fatal(err)
			}
			_ = unix.PtraceSyscall(tid, 0)
			continue
		}
		// ESRCH: the thread was killed meanwhile, and its end will be told.
		_ = unix.PtraceSyscall(tid, tr.stopped(tid, ws))
	}
}

// stopped deals with a thread that has stopped; it returns the signal to pass on.
func (tr *tracer) stopped(tid int, ws unix.WaitStatus) int {
	switch signal := ws.StopSignal(); {
	case signal == unix.SIGTRAP|0x80:
		tr.systemCall(tid)
	case signal == unix.SIGTRAP, signal == unix.SIGSTOP: // a new thread, as its parent and as it says itself
	default:
		return int(signal)
	}
	return 0
}

// systemCall counts the steps and kills at the one that is due.
func (tr *tracer) systemCall(tid int) {
	entry := !tr.inside[tid]
	tr.inside[tid] = entry
	name := ""
	if entry {
		var regs unix.PtraceRegs
		if unix.PtraceGetRegs(tid, &regs) != nil {
			return
		}
		name = tr.changes(&regs)
		tr.in[tid] = name != ""
	}
	if !tr.in[tid] || tr.killed {
		return
	}
	if tr.steps++; tr.steps == tr.target {
		tr.killed, tr.last = true, "after "+strconv.Itoa(tr.steps)
		if entry {
			tr.last = "before " + name
		}
		_ = unix.Kill(tr.pid, unix.SIGKILL)
	}
	if !entry {
		tr.in[tid] = false
	}
}

// changes is the name of a system call that changes the world, "" for others.
func (tr *tracer) changes(regs *unix.PtraceRegs) string {
	const openatFlags = unix.O_CREAT
	switch regs.Orig_rax {
	case unix.SYS_OPENAT:
		if regs.Rdx&openatFlags != 0 {
			return "open"
		}
	case unix.SYS_WRITE:
		if tr.isFile(int(regs.Rdi)) {
			return "write"
		}
	case unix.SYS_CLONE:
		if regs.Rdi&unix.CLONE_VFORK != 0 {
			return "start of a plugin"
		}
	case unix.SYS_CLONE3: // the runtime starts threads with clone
		return "start of a plugin"
	case unix.SYS_FCNTL:
		if regs.Rsi == unix.F_OFD_SETLK {
			return "lock"
		}
	default:
		return changing()[regs.Orig_rax]
	}
	return ""
}

// isFile tells whether the process's descriptor is a file or /dev/null, which
// stands for its output.
func (tr *tracer) isFile(fd int) bool {
	to, err := os.Readlink("/proc/" + strconv.Itoa(tr.pid) + "/fd/" + strconv.Itoa(fd))
	return err == nil && filepath.IsAbs(to)
}

func changing() map[uint64]string {
	return map[uint64]string{
		unix.SYS_FSYNC: "sync", unix.SYS_FDATASYNC: "sync", unix.SYS_FTRUNCATE: "truncate",
		unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename",
		unix.SYS_UNLINK: "remove", unix.SYS_UNLINKAT: "remove", unix.SYS_RMDIR: "remove",
		unix.SYS_MKDIR: "make folder", unix.SYS_MKDIRAT: "make folder", unix.SYS_FCHMOD: "chmod",
		unix.SYS_EXIT_GROUP: "exit",
	}
}
