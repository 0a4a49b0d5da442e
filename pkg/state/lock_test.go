package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// soon is a context that ends while a lock is still held.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func lock(t *testing.T, d Dir, k Key) *Lock {
	t.Helper()
	l, err := d.Lock(soon(t), k)
	must(t, err)
	return l
}

func busy(t *testing.T, d Dir, k Key) {
	t.Helper()
	l, err := d.Lock(soon(t), k)
	if !errors.Is(err, ErrBusy) || !errors.Is(err, context.DeadlineExceeded) || l != nil {
		t.Errorf("lock %v, %v; want ErrBusy", k, err)
	}
}

func TestLockExcludes(t *testing.T) {
	d := Dir(t.TempDir() + "/a/b")
	other := Key{ContainerID: "c1", IfName: "eth1"}
	one := lock(t, d, k1)
	two := lock(t, d, other)
	busy(t, d, k1)
	if _, err := d.LockAll(soon(t)); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "all sandboxes below "+string(d)) {
		t.Errorf("LockAll: %v", err)
	}
	must(t, one.Unlock())
	must(t, lock(t, d, k1).Unlock())
	busy(t, d, other)
	must(t, two.Unlock())

	every, err := d.LockAll(soon(t))
	must(t, err)
	busy(t, d, k1)
	if _, err := d.LockAll(soon(t)); !errors.Is(err, ErrBusy) {
		t.Errorf("second LockAll: %v", err)
	}
	must(t, every.Unlock())
	must(t, lock(t, d, k1).Unlock())
	if got := strings.Join(files(t, d), " "); got != "lock" {
		t.Errorf("files %q, want lock alone", got)
	}
}

func TestLockSaysWhatItWaitsFor(t *testing.T) {
	d := Dir(t.TempDir())
	l := lock(t, d, k1)
	_, err := d.Lock(soon(t), k1)
	want := "another command is at work on the sandbox c1 (eth0): held by another process: context deadline exceeded"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	must(t, l.Unlock())
	every, err := d.LockAll(soon(t))
	must(t, err)
	_, err = d.Lock(soon(t), k1)
	want = "another command is at work on the sandbox c1 (eth0): lock on all sandboxes: held by another process: context deadline exceeded"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	must(t, every.Unlock())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	free, err := d.Lock(ctx, k1) // what is free need not be waited for
	must(t, err)
	must(t, free.Unlock())
}

// A waiting LockAll gets its turn although sandboxes come and go all the time.
func TestLockAllIsNotStarved(t *testing.T) {
	d := Dir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			for ctx.Err() == nil {
				l, err := d.Lock(ctx, Key{ContainerID: fmt.Sprint("c", i), IfName: "eth0"})
				if err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
				_ = l.Unlock()
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	l, err := d.LockAll(wait)
	cancel()
	if err != nil {
		t.Errorf("LockAll among busy sandboxes: %v", err)
	} else {
		must(t, l.Unlock())
	}
	stop()
	workers.Wait()
}

func TestLockIsExclusive(t *testing.T) {
	d := Dir(t.TempDir())
	var inside atomic.Int32
	work := func(l *Lock, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		if n := inside.Add(1); n != 1 {
			t.Errorf("%d at once", n)
		}
		inside.Add(-1)
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	}
	var workers sync.WaitGroup
	for i := range 8 {
		workers.Go(func() {
			for range 20 {
				if i == 0 {
					work(d.LockAll(t.Context()))
				} else {
					work(d.Lock(t.Context(), k1))
				}
			}
		})
	}
	workers.Wait()
}

func TestLockFaults(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T) Dir
		want string
	}{
		{"a file in the way", func(t *testing.T) Dir {
			d := Dir(t.TempDir())
			write(t, d, "x", "")
			return d + "/x"
		}, "not a directory"},
		{"a symbolic link", func(t *testing.T) Dir {
			d := Dir(t.TempDir())
			must(t, os.Symlink("/dev/null", d.path(lockName)))
			return d
		}, "too many levels of symbolic links (lock)"},
		{"no such directory can be made", func(t *testing.T) Dir { return "/proc/none/multus" }, "no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.make(t).Lock(t.Context(), k1)
			if err == nil || errors.Is(err, ErrBusy) || !strings.HasPrefix(err.Error(), "state directory /") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// A plugin that outlives a killed multus keeps its sandbox locked, until it ends.
func TestLockOutlivesAKilledHolder(t *testing.T) {
	for role, try := range map[string]func(Dir, context.Context) (*Lock, error){
		"hold one": func(d Dir, ctx context.Context) (*Lock, error) { return d.Lock(ctx, k1) },
		"hold all": func(d Dir, ctx context.Context) (*Lock, error) { return d.LockAll(ctx) },
	} {
		t.Run(role, func(t *testing.T) {
			d := Dir(t.TempDir())
			holder, plugin := startHolder(t, role, d)
			must(t, holder.Process.Kill())
			_ = holder.Wait()
			if _, err := try(d, soon(t)); !errors.Is(err, ErrBusy) {
				t.Errorf("the plugin is alive, but: %v", err)
			}
			must(t, unix.Kill(plugin, unix.SIGKILL))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			l, err := try(d, ctx)
			must(t, err)
			must(t, l.Unlock())
		})
	}
}

// startHolder starts a process that takes a lock and hands it to a plugin.
func startHolder(t *testing.T, role string, d Dir) (holder *exec.Cmd, plugin int) {
	t.Helper()
	holder = childCommand(t, role, d)
	out, err := holder.StdoutPipe()
	must(t, err)
	must(t, holder.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	if _, err := fmt.Sscan(line, &plugin); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	t.Cleanup(func() { _ = unix.Kill(plugin, unix.SIGKILL) })
	return holder, plugin
}

// Unlock frees the sandbox although a plugin is left that inherited the lock.
func TestUnlockFreesInheritors(t *testing.T) {
	d := Dir(t.TempDir())
	for name, take := range map[string]func() (*Lock, error){
		"one": func() (*Lock, error) { return d.Lock(t.Context(), k1) },
		"all": func() (*Lock, error) { return d.LockAll(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := take()
			must(t, err)
			plugin := exec.Command("sleep", "60")
			plugin.ExtraFiles = []*os.File{l.File()}
			must(t, plugin.Start())
			must(t, l.Unlock())
			must(t, lock(t, d, k1).Unlock())
			must(t, plugin.Process.Kill())
			_ = plugin.Wait()
		})
	}
}

// Only who is handed the lock inherits it.
func TestLockIsClosedOnExec(t *testing.T) {
	d := Dir(t.TempDir())
	l := lock(t, d, k1)
	flags, err := unix.FcntlInt(l.File().Fd(), unix.F_GETFD, 0)
	must(t, err)
	if flags&unix.FD_CLOEXEC == 0 {
		t.Error("the lock file stays open in every child")
	}
	must(t, l.Unlock())
}
