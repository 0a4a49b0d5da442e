package delegate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/delegate"
)

func TestPluginFaults(t *testing.T) {
	tests := []struct {
		name   string
		script string
		want   string // the whole error
	}{
		{"nothing printed", `{"stdout":{"ADD":""}}`,
			"recorder: exit status 0, but no result on standard output"},
		{"two documents", `{"stdout":{"ADD":"{}{}"}}`,
			`recorder: no CNI result on standard output (line 1, column 3: text behind the end of the JSON): "{}{}"`},
		{"text", `{"stdout":{"ADD":"hello"}}`,
			`recorder: no CNI result on standard output (line 1, column 1: a JSON object is expected, found "hello"; YAML is not accepted here): "hello"`},
		{"exit 0 with an error object", `{"stdout":{"ADD":"{\"code\":7,\"msg\":\"no such bridge\"}"}}`,
			"recorder: no such bridge"},
		{"error object", `{"fail":{"ADD":{"code":7,"msg":"master \"eth9\" not found","details":"d"}}}`,
			`recorder: master "eth9" not found; d`},
		{"exit 3 with a result", `{"stdout":{"ADD":"{\"ips\":[]}"},"exit":{"ADD":3},"stderr":{"ADD":"panic: oops\n"}}`,
			"recorder: exit status 3, with a result on standard output where an error object was due; standard error: panic: oops"},
		{"exit 3 with text", `{"stdout":{"ADD":"oops"},"exit":{"ADD":3}}`,
			`recorder: exit status 3, no CNI error object on standard output: "oops"`},
		{"exit 3 with nothing", `{"stdout":{"ADD":""},"exit":{"ADD":3},"stderr":{"ADD":"why\n"}}`,
			"recorder: exit status 3, nothing on standard output; standard error: why"},
		{"killed", `{"selfKill":{"ADD":9}}`,
			"recorder: ended by SIGKILL, nothing on standard output"},
		{"10 MB on standard output", `{"stdoutBytes":{"ADD":10000000}}`,
			"recorder: more than 4 MiB on standard output, killed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := real().Add(t.Context(), sandbox(), recorded(t, tt.script))
			if err == nil || err.Error() != tt.want {
				t.Errorf("error\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestHangingPluginIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	r := real()
	r.Timeout = 200 * time.Millisecond
	lock := filepath.Join(t.TempDir(), "lock")
	held := holdLock(t, lock)
	r.Exec = delegate.Process{Keep: []*os.File{held}}
	start := time.Now()
	_, err := r.Add(t.Context(), sandbox(), recorded(t, `{"forkChild":{"ADD":"1m"},"sleep":{"ADD":"1m"}}`))
	if want := "recorder: no answer to ADD after 200ms, killed"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is no context.DeadlineExceeded", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("returned after %s", took)
	}
	held.Close()
	waitFor(t, "the lock that the plugin and its child inherited to be free", func() bool { return free(t, lock) })
}

func TestCancelledPluginIsKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	start := time.Now()
	err := real().Del(ctx, sandbox(), recorded(t, `{"sleep":{"*":"1m"}}`), delegate.Made{Attached: true})
	if err == nil || !strings.HasPrefix(err.Error(), "recorder: DEL given up after ") || !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("returned after %s", took)
	}
}

func TestChildThatKeepsOutputOpenDoesNotHang(t *testing.T) {
	t.Parallel()
	lock := filepath.Join(t.TempDir(), "lock")
	held := holdLock(t, lock)
	r := real()
	r.Exec = delegate.Process{Keep: []*os.File{held}}
	start := time.Now()
	made, err := r.Add(t.Context(), sandbox(), recorded(t, `{"forkChild":{"ADD":"4s"},"result":{"cniVersion":"1.1.0"}}`))
	if err != nil || string(made.Result) != `{"cniVersion":"1.1.0"}` {
		t.Errorf("got %s, %v", made.Result, err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("returned after %s", took)
	}
	held.Close()
	if free(t, lock) {
		t.Error("the child that the plugin left behind does not hold the lock any more: it was killed, or did not inherit it")
	}
}

func TestStandardErrorIsForwardedAndBounded(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	r := real()
	r.Exec = delegate.Process{Stderr: &stderr}
	if _, err := r.Add(t.Context(), sandbox(), recorded(t, `{"stderr":{"ADD":"a word\n"}}`)); err != nil {
		t.Fatal(err)
	}
	if got := stderr.String(); got != "a word\n" {
		t.Errorf("forwarded %q", got)
	}
	stderr.Reset()
	if _, err := r.Add(t.Context(), sandbox(), recorded(t, `{"stderr":{"ADD":"first"},"stderrBytes":{"ADD":50000000}}`)); err != nil {
		t.Fatal(err)
	}
	if n := stderr.Len(); n < delegate.MaxStderr || n > delegate.MaxStderr+100 {
		t.Errorf("forwarded %d bytes of a flood", n)
	}
	left := 50_000_000 + len("first") - delegate.MaxStderr
	if got := stderr.String(); !strings.HasPrefix(got, "first") || !strings.Contains(got, fmt.Sprintf("… %d bytes left out …", left)) {
		t.Errorf("forwarded %.20q… without saying that %d bytes are left out", got, left)
	}
}

func TestBusyBinaryIsTriedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recorder")
	binary, err := os.ReadFile(cnitest.Binary("recorder"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(binary); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(150*time.Millisecond, func() { f.Close() })
	out, err := delegate.Process{}.ExecPlugin(t.Context(), path, []byte(`{}`), []string{"CNI_COMMAND=VERSION"})
	if err != nil || !bytes.Contains(out, []byte("supportedVersions")) {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestPluginDiesWithItsParent(t *testing.T) {
	if dir := os.Getenv("DELEGATE_TEST_PARENT"); dir != "" {
		_, err := real().Add(t.Context(), sandbox(), recorded(t, `{"touch":{"*":"`+dir+`/up"},"sleep":{"*":"1m"}}`))
		t.Fatal("the plugin returned: ", err)
	}
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent, err := os.StartProcess(exe, []string{exe, "-test.run=^TestPluginDiesWithItsParent$"}, &os.ProcAttr{
		Dir: ".", Env: append(os.Environ(), "DELEGATE_TEST_PARENT="+dir), Files: []*os.File{nil, nil, nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the plugin to be up", func() bool { _, err := os.Stat(dir + "/up"); return err == nil })
	plugin := childOf(t, parent.Pid)
	if err := parent.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = parent.Wait()
	waitFor(t, "the plugin to be gone", func() bool { return errors.Is(syscall.Kill(plugin, 0), syscall.ESRCH) || zombie(plugin) })
}

// childOf finds the plugin that a process runs, whichever of its threads started it.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		children, _ := os.ReadFile(task) // the thread may have ended
		for _, child := range strings.Fields(string(children)) {
			comm, _ := os.ReadFile("/proc/" + child + "/comm")
			if n, err := strconv.Atoi(child); err == nil && string(comm) == "recorder\n" {
				return n
			}
		}
	}
	t.Fatalf("no plugin among the children of %d", pid)
	return 0
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func holdLock(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	return f
}

func free(t *testing.T, path string) bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
