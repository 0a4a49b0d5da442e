package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWhatIsStartedIsOnTheDisk: before a plugin is started the folder is synced,
// or a power cut might bring a record back that calls its attachment planned.
func TestWhatIsStartedIsOnTheDisk(t *testing.T) {
	planned := record(t, k1)
	planned.Attachments[0].Phase = Planned
	for phase, synced := range map[Phase]bool{Planned: false, Attaching: true, Attached: false, Detached: false} {
		t.Run(string(phase), func(t *testing.T) {
			d := Dir(t.TempDir())
			must(t, d.Create(planned))
			r := planned
			r.Attachments = slices.Clone(planned.Attachments)
			for i := range r.Attachments {
				r.Attachments[i].Phase = phase
			}
			calls := systemCalls(t, d, r)
			renamed := slices.Index(calls, unix.SYS_RENAMEAT)
			if renamed < 0 {
				t.Fatalf("no rename among the calls %v", calls)
			}
			if got := slices.Contains(calls[renamed:], unix.SYS_FSYNC); got != synced {
				t.Errorf("folder synced: %v, want %v", got, synced)
			}
		})
	}
}

// systemCalls are the numbers of those that one update makes.
func systemCalls(t *testing.T, d Dir, r Record) []uint64 {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	data, err := json.Marshal(r)
	must(t, err)
	cmd := childCommand(t, "traced update", d)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var tid int
	if _, err := fmt.Fscan(out, &tid); err != nil {
		t.Fatal(err)
	}
	calls := follow(t, tid)
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // the tracer may have reaped it
	return calls
}

// follow notes the thread's system calls as they begin, until it has ended.
func follow(t *testing.T, tid int) []uint64 {
	t.Helper()
	var calls []uint64
	begins := true
	for first := true; ; first = false {
		var ws unix.WaitStatus
		_, err := unix.Wait4(tid, &ws, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD), ws.Exited(), ws.Signaled():
			return calls
		}
		must(t, err)
		deliver := 0
		switch {
		case first:
			must(t, unix.PtraceSetOptions(tid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL))
		case ws.StopSignal() == unix.SIGTRAP|0x80:
			if begins {
				var regs unix.PtraceRegs
				must(t, unix.PtraceGetRegs(tid, &regs))
				calls = append(calls, regs.Orig_rax)
			}
			begins = !begins
		case ws.StopSignal() != unix.SIGSTOP: // a runtime's own signal may come before the child's; SIGSTOP would stop all threads
			deliver = int(ws.StopSignal())
		}
		if err := unix.PtraceSyscall(tid, deliver); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
	}
}
