package faults_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// newSmallNode is one whose state directory is on a disk of its own.
func newSmallNode(t *testing.T, options string) (n *host, disk string) {
	t.Helper()
	n = newNode(t)
	disk = n.Path("disk")
	n.Must(os.Mkdir(disk, 0o755))
	cnitest.Mount(t, disk, options)
	n.set("cniDir", n.Path("disk", "state"))
	return n, disk
}

// TestFullDisk: without a record nothing is attached.
func TestFullDisk(t *testing.T) {
	n, disk := newSmallNode(t, "size=256k")
	n.ok("ADD", "c0")
	n.executions()
	cnitest.Fill(t, disk, 0)
	n.refused("ADD", "c1", 5, "no space left on device", "c1@eth0.json")
	n.wantCalls("")
	n.ok("DEL", "c0") // and what is attached can be detached
	n.wantCalls(delAll)
	n.clean()
	cnitest.Free(t, disk)
	n.ok("ADD", "c1")
	n.ok("DEL", "c1")
	n.clean()
}

// TestDiskThatIsFullHalfway: the record grows with the results, and that it cannot
// is found out after the plugins ran.
func TestDiskThatIsFullHalfway(t *testing.T) {
	n, disk := newSmallNode(t, "size=1m")
	n.script("b", doc{"result": doc{"cniVersion": "1.1.0", "dns": doc{"domain": strings.Repeat("x", 100<<10)}}})
	n.ok("ADD", "c0") // the directories are there
	n.ok("DEL", "c0")
	n.executions()
	cnitest.Fill(t, disk, 220<<10) // one record with the configuration fits in, and not a second one with the result too
	n.refused("ADD", "c1", 5, "no space left on device")
	n.wantCalls(addAll + ", " + delAll)
	n.clean()
}

// TestDELWithAFullDisk detaches all that it can; what is left is tried again.
func TestDELWithAFullDisk(t *testing.T) {
	n, disk := newSmallNode(t, "size=256k")
	n.script("b", doc{"fail": doc{"DEL": doc{"code": 101, "msg": "not now"}}, "failTimes": doc{"DEL": 2}})
	n.ok("ADD", "c1")
	n.executions()
	cnitest.Fill(t, disk, 0)
	n.refused("DEL", "c1", 101, "network b (net0): rec-b: not now", "no space left on device")
	n.wantCalls(delAll)
	cnitest.Free(t, disk)
	n.refused("DEL", "c1", 101, "network b (net0): rec-b: not now")
	n.executions() // the progress of the first could not be written
	n.ok("DEL", "c1")
	n.wantCalls("DEL net0 rec-b")
	n.clean()
}

// TestReadOnlyDisk: commands say so and change nothing, and work again later.
func TestReadOnlyDisk(t *testing.T) {
	n, disk := newSmallNode(t, "size=256k")
	n.ok("ADD", "c1")
	n.executions()
	cnitest.Remount(t, disk, unix.MS_RDONLY, "")
	for _, verb := range []string{"ADD", "DEL", "CHECK"} {
		n.refused(verb, "c1", 5, "read-only file system", n.Path("disk", "state"))
	}
	n.valid()
	n.refused("GC", "", 5, "read-only file system")
	n.wantCalls("")
	cnitest.Remount(t, disk, 0, "")
	n.ok("DEL", "c1")
	n.wantCalls(delAll)
	n.clean()
}

// TestStateFolderThatIsNone: a file in its place.
func TestStateFolderThatIsNone(t *testing.T) {
	n := newNode(t)
	n.Write(n.Path("state"), "")
	n.refused("ADD", "c1", 5, "not a directory", n.Path("state"))
	n.refused("DEL", "c1", 5, "not a directory", n.Path("state"))
	n.wantCalls("")
}
