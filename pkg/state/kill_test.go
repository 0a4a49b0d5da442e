package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKilledAtEverySystemCall does each thing that is done to a record once for
// every system call that it consists of, and kills the process right before it.
// The record is the old one or the new one, and what is left can be gone on from.
func TestKilledAtEverySystemCall(t *testing.T) {
	old := record(t, k1)
	updated := attached(old)
	tests := []struct {
		name     string
		before   bool // there is a record
		write    Record
		outcomes []*Record // nil: none
	}{
		{"create", false, old, []*Record{nil, &old}},
		{"update", true, updated, []*Record{&old, &updated}},
		{"remove", true, old, []*Record{&old, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := map[int]bool{}
			for n := 1; ; n++ {
				d := Dir(t.TempDir())
				if tt.before {
					must(t, d.Create(old))
				}
				done := killAt(t, tt.name, d, tt.write, n)
				seen[outcome(t, d, n, tt.outcomes)] = true
				goOn(t, d, updated)
				if done {
					t.Logf("%d system calls", n-1)
					break
				}
			}
			if len(seen) != 2 {
				t.Errorf("saw outcomes %v, want both: the kills came at no point that matters", seen)
			}
		})
	}
}

// outcome is which of the records is there.
func outcome(t *testing.T, d Dir, n int, want []*Record) int {
	t.Helper()
	got, err := d.Load(k1)
	if err != nil && !errors.Is(err, ErrNone) {
		t.Fatalf("killed before call %d: %v", n, err)
	}
	for i, w := range want {
		if w == nil && err != nil || w != nil && err == nil && differ(*w, got) == "" {
			return i
		}
	}
	t.Fatalf("killed before call %d: neither of the two records but %+v, %v", n, got, err)
	return -1
}

// goOn is what comes after: whatever the killed one left must be in nobody's way,
// and nothing of it be left in the end.
func goOn(t *testing.T, d Dir, r Record) {
	t.Helper()
	if _, err := d.List(); err != nil {
		t.Errorf("List: %v", err)
	}
	if err := d.Create(r); err != nil && !errors.Is(err, ErrExists) {
		t.Errorf("Create: %v", err)
	}
	if err := d.Update(r); err != nil {
		t.Errorf("Update: %v", err)
	}
	if err := d.Remove(r); err != nil {
		t.Errorf("Remove: %v", err)
	}
	for _, f := range files(t, d) {
		if strings.Contains(f, k1.ContainerID) {
			t.Errorf("%s is left", f)
		}
	}
}

// killAt runs the child up to before its nth system call, and tells whether it
// ended without coming that far.
func killAt(t *testing.T, what string, d Dir, r Record, n int) (done bool) {
	t.Helper()
	runtime.LockOSThread() // one thread traces, and it is the one that started the child
	defer runtime.UnlockOSThread()
	data, err := json.Marshal(r)
	must(t, err)
	cmd := childCommand(t, "traced "+what, d)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var tid int
	if _, err := fmt.Fscan(out, &tid); err != nil {
		t.Fatal(err)
	}
	done = step(t, cmd, tid, n)
	_, _ = io.Copy(io.Discard, out)
	// Where the traced thread is the first one, the tracer has reaped the process.
	if err := cmd.Wait(); done && err != nil && !errors.Is(err, unix.ECHILD) {
		t.Fatalf("the child that nobody killed: %v", err)
	}
	return done
}

// step follows the thread until it is killed before its nth call, or has ended.
func step(t *testing.T, cmd *exec.Cmd, tid, n int) (done bool) {
	t.Helper()
	killed, deliver, stops := false, 0, 0
	for first := true; ; first = false {
		var ws unix.WaitStatus
		_, err := unix.Wait4(tid, &ws, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD), ws.Exited(), ws.Signaled():
			if !killed && ws.ExitStatus() > 0 {
				t.Fatalf("the child that nobody killed: exit status %d", ws.ExitStatus())
			}
			return !killed
		case err != nil:
			t.Fatal(err)
		}
		deliver = 0
		switch {
		case first:
			must(t, unix.PtraceSetOptions(tid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL))
		case ws.StopSignal() == unix.SIGTRAP|0x80:
			stops++ // one as a call begins, one as it ends
		case ws.StopSignal() != unix.SIGSTOP: // a runtime's own signal may come before the child's; SIGSTOP would stop all threads
			deliver = int(ws.StopSignal())
		}
		if stops == 2*n-1 {
			killed = true
			must(t, cmd.Process.Kill())
			continue
		}
		if err := unix.PtraceSyscall(tid, deliver); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
	}
}

// TestKilledAtRandom kills a process that does nothing but update a record.
func TestKilledAtRandom(t *testing.T) {
	d := Dir(t.TempDir())
	must(t, d.Create(record(t, k1)))
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	for range rounds {
		cmd := childCommand(t, "busy", d)
		must(t, cmd.Start())
		time.Sleep(20*time.Millisecond + time.Duration(rand.IntN(20_000))*time.Microsecond)
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended by itself: %v", err)
		}
		got, err := d.Load(k1)
		if err != nil {
			t.Fatal(err)
		}
		got.Sandbox.NetNS = record(t, k1).Sandbox.NetNS
		if diff := differ(record(t, k1), got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
