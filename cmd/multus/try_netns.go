package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// netnsFolder is where `ip netns` looks for network namespaces.
const netnsFolder = "/run/netns"

// makeNetNS makes a network namespace under the path, with its loopback
// interface up.
func makeNetNS(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if err != nil {
		return err
	}
	f.Close()
	done := make(chan error)
	go func() {
		// The thread is never unlocked: it ends with the goroutine, and so
		// nothing else ever runs in the new namespace by accident.
		runtime.LockOSThread()
		done <- newNetNS(path)
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("network namespace %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return nil
}

// newNetNS moves the thread to a new namespace and makes that last.
func newNetNS(path string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	return unix.Mount("/proc/thread-self/ns/net", path, "none", unix.MS_BIND, "")
}

// removeNetNS removes a namespace that makeNetNS made; one that is gone is no error.
func removeNetNS(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && err != unix.EINVAL && err != unix.ENOENT {
		return fmt.Errorf("network namespace %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// inhabitant is a process that runs in a namespace.
type inhabitant struct {
	pid  int
	name string
}

// inhabitants are the processes that run in the namespace; none where it is our own.
func inhabitants(path string) []inhabitant {
	var wanted, own unix.Stat_t
	if unix.Stat(path, &wanted) != nil || unix.Stat("/proc/self/ns/net", &own) != nil || same(wanted, own) {
		return nil
	}
	var found []inhabitant
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, folder := range folders {
		if unix.Stat(folder+"/ns/net", &own) != nil || !same(wanted, own) {
			continue
		}
		name, _ := os.ReadFile(folder + "/comm") // it may have ended just now
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil {
			found = append(found, inhabitant{pid, strings.TrimSpace(string(name))})
		}
	}
	return found
}

func same(a, b unix.Stat_t) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

// evict ends the processes in the namespace, as a runtime does before it takes
// a sandbox down. It returns those that it ended, and those that stay all the same.
func evict(path string) (ended, stay []inhabitant) {
	ended = inhabitants(path)
	for end := time.Now().Add(settling); ; time.Sleep(10 * time.Millisecond) {
		stay = inhabitants(path)
		if len(stay) == 0 || time.Now().After(end) {
			return ended, stay
		}
		for _, p := range stay {
			_ = unix.Kill(p.pid, unix.SIGKILL) // whether it helps is looked at
		}
	}
}
