//go:build amd64 || arm64

package guard_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// effects are what an execution of multus does to the world around it. What its
// delegates do is theirs.
type effects struct {
	Sockets   int // socket and connect
	Created   int // files and folders
	Syncs     int // fsync, fdatasync and the like
	Renames   int
	Removed   int
	Processes int
	opened    []string // paths, those too that were not there
}

// tracer follows the threads of one process. The processes that it starts are
// followed to their execve and no further.
type tracer struct {
	t       *testing.T
	pid     int
	known   map[int]bool // threads and processes seen, and whether they are threads of pid
	effects effects
}

// execution is one execution of a plugin.
type execution struct {
	env   []string
	stdin []byte
}

// trace executes multus under the eyes of the tracer and returns its standard output.
func trace(t *testing.T, e execution) (effects, []byte) {
	t.Helper()
	runtime.LockOSThread() // a tracee answers to the thread that started it alone
	defer runtime.UnlockOSThread()
	stdin, stdout := scratch(t, e.stdin), scratch(t, nil)
	process, err := os.StartProcess(binary("multus"), []string{"multus"}, &os.ProcAttr{
		Env: e.env, Files: []*os.File{stdin, stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	tr := &tracer{t: t, pid: process.Pid, known: map[int]bool{process.Pid: true}}
	status := tr.follow()
	if err := process.Release(); err != nil {
		t.Error(err)
	}
	printed, err := os.ReadFile(stdout.Name())
	if err != nil {
		t.Fatal(err)
	}
	if status != 0 {
		t.Fatalf("wait status %#x: %s", int(status), printed)
	}
	return tr.effects, printed
}

// scratch is a file of the test with some content, to be read from its begin.
func scratch(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL

// follow goes along until the process has ended.
func (tr *tracer) follow() unix.WaitStatus {
	for begun := false; ; {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			tr.t.Fatal(err)
		case (ws.Exited() || ws.Signaled()) && tid == tr.pid:
			return ws
		case !ws.Stopped():
			continue
		}
		if !begun {
			begun = true
			tr.must(unix.PtraceSetOptions(tid, options))
		}
		tr.must(tr.goOn(tid, ws))
	}
}

// must lets pass that a thread is gone, which may happen to any at any moment.
func (tr *tracer) must(err error) {
	tr.t.Helper()
	if err != nil && !errors.Is(err, unix.ESRCH) {
		tr.t.Fatal(err)
	}
}

// goOn looks at what a task stopped for and lets it go on.
func (tr *tracer) goOn(tid int, ws unix.WaitStatus) error {
	thread, known := tr.known[tid]
	if !known {
		_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", tr.pid, tid))
		thread = err == nil
		tr.known[tid] = thread
	}
	signal := ws.StopSignal()
	switch {
	case !thread && ws.TrapCause() == unix.PTRACE_EVENT_EXEC:
		tr.effects.Processes++
		return unix.PtraceDetach(tid)
	case signal == unix.SIGTRAP|0x80:
		if err := tr.count(tid); err != nil {
			return err
		}
		signal = 0
	case signal == unix.SIGTRAP, signal == unix.SIGSTOP: // of the tracing itself
		signal = 0
	}
	if thread {
		return unix.PtraceSyscall(tid, int(signal))
	}
	return unix.PtraceCont(tid, int(signal))
}

// syscallInfo is struct ptrace_syscall_info as a system call begins.
type syscallInfo struct {
	op     uint8
	_      [3]byte
	_      uint32
	_, _   uint64
	number uint64
	args   [6]uint64
}

const entry = 1 // PTRACE_SYSCALL_INFO_ENTRY

// count counts the system call that a thread begins.
func (tr *tracer) count(tid int) error {
	var info syscallInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return errno
	}
	if info.op != entry {
		return nil
	}
	e := &tr.effects
	switch info.number {
	case unix.SYS_SOCKET, unix.SYS_CONNECT:
		e.Sockets++
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_SYNC, unix.SYS_SYNCFS, unix.SYS_SYNC_FILE_RANGE:
		e.Syncs++
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		e.Renames++
	case unix.SYS_UNLINKAT:
		e.Removed++
	case unix.SYS_MKDIRAT:
		e.Created++
	case unix.SYS_OPENAT:
		e.opened = append(e.opened, tr.text(tid, info.args[1]))
		if info.args[2]&unix.O_CREAT != 0 {
			e.Created++
		}
	}
	return nil
}

// text is a string in the memory of a thread. What lies behind it may be
// unreadable, so that no more than to the end of a page is read at once.
func (tr *tracer) text(tid int, address uint64) string {
	var all []byte
	for len(all) < unix.PathMax {
		page := make([]byte, 4096-address%4096)
		local := unix.Iovec{Base: &page[0]}
		local.SetLen(len(page))
		n, err := unix.ProcessVMReadv(tid, []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(address), Len: len(page)}}, 0)
		if err != nil {
			tr.t.Errorf("memory of the traced process: %v", err)
			break
		}
		if end := bytes.IndexByte(page[:n], 0); end >= 0 {
			return string(append(all, page[:end]...))
		}
		all, address = append(all, page[:n]...), address+uint64(n)
	}
	return strings.ToValidUTF8(string(all), "")
}
