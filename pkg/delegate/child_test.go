package delegate_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/delegate"
)

// script is a plugin written for the shell.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func environ() []string { return []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=ADD"} }

func TestPipes(t *testing.T) {
	large := strings.Repeat("x", 3<<20) // many times what a pipe takes
	tests := []struct{ name, script, stdin, stdout, stderr string }{
		{"input that the pipe takes", `cat`, large[:60<<10], large[:60<<10], ""},
		{"input that it does not", `cat`, large, large, ""},
		{"input that is not read", `echo done`, large, "done\n", ""},
		{"input closed and never read", `exec <&-; sleep 0.2; echo done`, large, "done\n", ""},
		{"input that a child holds open", `sleep 3 <&0 >/dev/null 2>&1 & echo done`, large, "done\n", ""},
		{"output of a child soon after the end", `(sleep 0.05; echo late) & echo early`, "", "early\nlate\n", ""},
		{"error output of a child soon after the end", `(sleep 0.05; echo late >&2) & echo early`, "", "early\n", "late\n"},
		{"outputs opened anew", `echo a >/dev/stdout; echo 1 >/dev/stderr; echo b >/dev/stdout; echo 2 >/dev/stderr`, "", "a\nb\n", "1\n2\n"},
		{"a child that never stops to write", `(while echo x; do :; done >&2) & exec 2>&-; echo done`, "", "done\n", "*"},
		{"nothing open but the process", `exec <&- >&- 2>&-; sleep 0.2`, large, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			path, start := script(t, tt.script), time.Now()
			out, err := delegate.Process{Stderr: &stderr}.ExecPlugin(t.Context(), path, []byte(tt.stdin), environ())
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != tt.stdout {
				t.Errorf("standard output: %d bytes, %.40q, want %d, %.40q", len(out), out, len(tt.stdout), tt.stdout)
			}
			if got := stderr.String(); got != tt.stderr && tt.stderr != "*" {
				t.Errorf("standard error: %.40q, want %.40q", got, tt.stderr)
			}
			if took := time.Since(start); took > 2500*time.Millisecond {
				t.Errorf("returned after %s", took)
			}
		})
	}
}

func TestInputIsWrittenAfterTheOutputIsClosed(t *testing.T) {
	t.Parallel()
	count := filepath.Join(t.TempDir(), "count")
	path := script(t, `exec >&- 2>&-; sleep 0.2; wc -c >`+count)
	if _, err := (delegate.Process{}).ExecPlugin(t.Context(), path, bytes.Repeat([]byte("x"), 3<<20), environ()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(count); string(got) != "3145728\n" {
		t.Errorf("the plugin read %q bytes, %v", got, err)
	}
}

func TestPluginWithoutOpenPipesIsKilled(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"before it reads":          `exec >&- 2>&-; sleep 30`,
		"with all closed":          `exec <&- >&- 2>&-; sleep 30`,
		"with children in between": `(exec sleep 30) | cat`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := delegate.Process{}.ExecPlugin(ctx, script(t, text), bytes.Repeat([]byte("x"), 1<<20), environ())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: returned after %s", name, took)
		}
	}
}

func TestPluginThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	touched := filepath.Join(t.TempDir(), "touched")
	plain, good := script(t, ""), script(t, "touch "+touched)
	if err := os.Chmod(plain, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path, more, want string
		ctx                    context.Context
	}{
		{"not there", "/nowhere/plugin", "", "fork/exec /nowhere/plugin: no such file or directory", t.Context()},
		{"not executable", plain, "", "fork/exec " + plain + ": permission denied", t.Context()},
		{"environment", good, "CNI_ARGS=a\x00b", "exec: environment variable contains NUL", t.Context()},
		{"no time left", good, "", "context canceled", dead},
	}
	for _, tt := range tests {
		_, err := delegate.Process{}.ExecPlugin(tt.ctx, tt.path, nil, append(environ(), tt.more))
		if text(err) != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("a plugin was started")
	}
}

// TestNothingIsLeftOpen must not run beside others: it counts descriptors and children.
func TestNothingIsLeftOpen(t *testing.T) {
	good, bad := script(t, `cat; exit 3`), script(t, `exec sleep 30`)
	before := descriptors(t)
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, _ = delegate.Process{}.ExecPlugin(t.Context(), good, []byte("x"), environ())
		_, _ = delegate.Process{}.ExecPlugin(ctx, bad, bytes.Repeat([]byte("x"), 1<<20), environ())
		_, _ = delegate.Process{}.ExecPlugin(t.Context(), "/nowhere/plugin", []byte("x"), environ())
		cancel()
	}
	if diff := cmp.Diff(before, descriptors(t)); diff != "" {
		t.Errorf("descriptors (-before +after):\n%s", diff)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// descriptors are those that are open and what they are.
func descriptors(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, e := range entries {
		if what, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil { // not the directory itself
			open[e.Name()] = what
		}
	}
	return open
}
