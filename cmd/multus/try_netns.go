package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

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

// inhabitants are the processes that run in the namespace.
func inhabitants(path string) []string {
	var wanted, own unix.Stat_t
	if unix.Stat(path, &wanted) != nil {
		return nil
	}
	var found []string
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		if unix.Stat(process+"/ns/net", &own) != nil || own.Ino != wanted.Ino || own.Dev != wanted.Dev {
			continue
		}
		name, _ := os.ReadFile(process + "/comm")
		pid := filepath.Base(process)
		if pid != strconv.Itoa(os.Getpid()) {
			found = append(found, pid+" ("+strings.TrimSpace(string(name))+")")
		}
	}
	return found
}
