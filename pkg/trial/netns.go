package trial

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
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// netnsPath is where `ip netns` looks for a network namespace.
func netnsPath(name string) string { return filepath.Join("/run/netns", name) }

// makeNetNS makes a network namespace with its loopback interface up.
func makeNetNS(name string) error {
	done := make(chan error)
	go func() {
		// The thread is never unlocked: it ends with the goroutine, and so
		// nothing else ever runs in the new namespace by accident.
		runtime.LockOSThread()
		ns, err := netns.NewNamed(name)
		if err == nil {
			err = errors.Join(netlink.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: 1}}), ns.Close())
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("network namespace %s: %w", name, errors.Join(err, removeNetNS(name)))
	}
	return nil
}

// removeNetNS removes a namespace that makeNetNS made; one that is gone is no error.
func removeNetNS(name string) error {
	_ = unix.Unmount(netnsPath(name), unix.MNT_DETACH) // what stays mounted cannot be removed
	err := os.Remove(netnsPath(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// processesIn are the processes that run in a pod, by ID; none where the pod's
// namespace is our own.
func processesIn(p *Pod) map[int]string {
	wanted, err := os.Stat(p.Sandbox.NetNS)
	own, errOwn := os.Stat("/proc/self/ns/net")
	if err != nil || errOwn != nil || os.SameFile(wanted, own) {
		return nil
	}
	found := map[int]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, dir := range dirs {
		if ns, err := os.Stat(dir + "/ns/net"); err != nil || !os.SameFile(wanted, ns) {
			continue
		}
		name, _ := os.ReadFile(dir + "/comm") // it may have ended just now
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			found[pid] = strings.TrimSpace(string(name))
		}
	}
	return found
}

// endProcesses ends what was left running in a pod, as a runtime does before it
// takes a sandbox down.
func (s *Session) endProcesses(p *Pod) {
	found := processesIn(p)
	left := found
	for end := time.Now().Add(settling); len(left) > 0 && time.Now().Before(end); left = processesIn(p) {
		for pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL) // whether it helps is looked at
		}
		time.Sleep(10 * time.Millisecond)
	}
	for pid, name := range found {
		s.say("process %d (%s) ended: it was left running in pod %s", pid, name, p)
	}
	for pid, name := range left {
		s.remains("process %d (%s) in network namespace %s", pid, name, p.Sandbox.ContainerID)
	}
}
