package cnitest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// NetNS is a private network namespace. Its methods fail the test where they cannot
// do what they say.
type NetNS struct {
	// Path is what a runtime would pass as CNI_NETNS.
	Path string

	t   testing.TB
	nl  *netlink.Handle
	far *NetNS // where the other ends of veth pairs are

	removed bool
}

// NewNetNS makes a network namespace with its loopback interface up, which is
// gone when the test ends. Without root the test is skipped.
func NewNetNS(t testing.TB) *NetNS {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	path := filepath.Join(t.TempDir(), "netns")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := inThread(func() error { return mountNew(path) }); err != nil {
		t.Fatalf("network namespace: %v", err)
	}
	n := &NetNS{Path: path, t: t}
	t.Cleanup(n.Remove)
	n.nl = open(t, path)
	n.check("loopback interface", n.nl.LinkSetUp(n.link("lo")))
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

// inThread calls f in a thread that ends with it, whatever f made of the thread.
func inThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer close(done) // also where f ends the goroutine, as t.Fatal does
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}

func open(t testing.TB, path string) *netlink.Handle {
	t.Helper()
	ns, err := netns.GetFromPath(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	nl, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	return nl
}

// Remove removes the namespace, and the file that stood for it, before the test ends.
func (n *NetNS) Remove() {
	if n.nl != nil {
		n.nl.Close()
		n.nl = nil
	}
	if n.removed {
		return
	}
	n.removed = true
	if err := errors.Join(unix.Unmount(n.Path, unix.MNT_DETACH), os.Remove(n.Path)); err != nil {
		n.t.Errorf("network namespace %s: %v", n.Path, err)
	}
}

// Do calls f inside the namespace, in a goroutine of its own: an f that cannot go
// on returns an error rather than call t.Fatal.
func (n *NetNS) Do(f func() error) {
	n.t.Helper()
	n.check("inside the namespace", inThread(func() error {
		ns, err := netns.GetFromPath(n.Path)
		if err != nil {
			return err
		}
		defer ns.Close()
		if err := netns.Set(ns); err != nil {
			return err
		}
		return f()
	}))
}

// Handle is a netlink handle of the namespace; it is closed with the test.
func (n *NetNS) Handle() *netlink.Handle { return n.nl }

// Index is the index of an interface.
func (n *NetNS) Index(name string) int {
	n.t.Helper()
	return n.link(name).Attrs().Index
}

func (n *NetNS) link(name string) netlink.Link {
	n.t.Helper()
	l, err := n.nl.LinkByName(name)
	n.check(name, err)
	return l
}

func (n *NetNS) check(what string, err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatalf("%s: %v", what, err)
	}
}
