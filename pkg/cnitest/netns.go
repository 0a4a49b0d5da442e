package cnitest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// NetNS is a private network namespace. Its methods fail the test where they cannot
// do what they say.
type NetNS struct {
	// Path is what a runtime would pass as CNI_NETNS.
	Path string

	t      testing.TB
	nl     *netlink.Handle
	far    *NetNS // where the other ends of veth pairs are
	remove sync.Once
}

// NewNetNS makes a network namespace with its loopback interface up, which is
// gone when the test ends. Without root the test is skipped.
func NewNetNS(t testing.TB) *NetNS {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	n := &NetNS{Path: filepath.Join(t.TempDir(), "netns"), t: t}
	n.check("network namespace", os.WriteFile(n.Path, nil, 0o600))
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread is spoilt, and ends with the goroutine
		made <- mountNew(n.Path)
	}()
	n.check("network namespace", <-made)
	t.Cleanup(n.Remove)
	n.with(func(fd int) (err error) {
		n.nl, err = netlink.NewHandleAt(netns.NsHandle(fd), unix.NETLINK_ROUTE)
		return err
	})
	n.check("loopback interface", n.nl.LinkSetUp(n.Link("lo")))
	return n
}

// mountNew moves the thread into a new network namespace and keeps that one alive
// at the path.
func mountNew(path string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind mount: %w", err)
	}
	return nil
}

// with calls f with a descriptor of the namespace.
func (n *NetNS) with(f func(fd int) error) {
	n.t.Helper()
	file, err := os.Open(n.Path)
	n.check(n.Path, err)
	defer file.Close()
	n.check(n.Path, f(int(file.Fd())))
}

// Remove removes the namespace, and the file that stood for it, before the test ends.
func (n *NetNS) Remove() {
	n.remove.Do(func() {
		if n.nl != nil {
			n.nl.Close()
		}
		if err := errors.Join(unix.Unmount(n.Path, unix.MNT_DETACH), os.Remove(n.Path)); err != nil {
			n.t.Errorf("network namespace %s: %v", n.Path, err)
		}
	})
}

// Do calls f inside the namespace, in a goroutine of its own: an f that cannot go
// on returns an error rather than call t.Fatal.
func (n *NetNS) Do(f func() error) {
	n.t.Helper()
	n.check("inside the namespace", ns.WithNetNSPath(n.Path, func(ns.NetNS) error { return f() }))
}

// Handle is a netlink handle of the namespace; it is closed with the test.
func (n *NetNS) Handle() *netlink.Handle { return n.nl }

// Link is an interface with its attributes.
func (n *NetNS) Link(name string) netlink.Link {
	n.t.Helper()
	l, err := n.nl.LinkByName(name)
	n.check(name, err)
	return l
}

// Index is the index of an interface.
func (n *NetNS) Index(name string) int {
	n.t.Helper()
	return n.Link(name).Attrs().Index
}

func (n *NetNS) check(what string, err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatalf("%s: %v", what, err)
	}
}
