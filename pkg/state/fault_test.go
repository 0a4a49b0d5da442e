package state

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// tmpfs is a file system of its own, of one page more than its root needs.
func tmpfs(t *testing.T, options string) Dir {
	t.Helper()
	path := t.TempDir()
	cnitest.Mount(t, path, options)
	return Dir(path)
}

func TestDiskFull(t *testing.T) {
	d := tmpfs(t, "size=64k")
	must(t, d.Create(record(t, k1)))
	cnitest.Fill(t, string(d), 0)
	before := files(t, d)

	other := Key{ContainerID: "c2", IfName: "eth0"}
	if err := d.Create(record(t, other)); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("Create: %v", err)
	}
	if _, err := d.Load(other); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v", err)
	}
	if err := d.Update(attached(record(t, k1))); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Update: %v", err)
	}
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(record(t, k1), got); diff != "" {
		t.Errorf("record after Update (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	must(t, d.Remove(record(t, k1)))
	if _, err := d.Load(k1); !errors.Is(err, ErrNone) {
		t.Errorf("Load after Remove: %v", err)
	}
}

// The disk fills up in the middle of a record that is larger than what is left.
func TestDiskFullHalfway(t *testing.T) {
	d := tmpfs(t, "size=64k")
	r := record(t, k1)
	must(t, d.Create(r))
	large := record(t, Key{ContainerID: "c2", IfName: "eth0"})
	large.Sandbox.NetNS = strings.Repeat("x", 100<<10)
	before := files(t, d)
	if err := d.Create(large); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Create: %v", err)
	}
	changed := r
	changed.Sandbox.NetNS = large.Sandbox.NetNS
	if err := d.Update(changed); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Update: %v", err)
	}
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(r, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// No inode is left: not even the directory can be made.
func TestNoInodes(t *testing.T) {
	d := tmpfs(t, "nr_inodes=2")
	write(t, d, lockName, "")
	err := d.Create(record(t, k1))
	want := "state directory: mkdir " + d.path(sandboxesName) + ": no space left on device"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadOnly(t *testing.T) {
	d := tmpfs(t, "size=64k")
	must(t, d.Create(record(t, k1)))
	write(t, d, "older", `[{"type":"bridge","name":"n"}]`)
	cnitest.Remount(t, string(d), unix.MS_RDONLY, "")

	if _, err := d.Lock(t.Context(), k1); !errors.Is(err, unix.EROFS) ||
		!strings.HasPrefix(err.Error(), "state directory "+string(d)+": read-only file system") {
		t.Errorf("Lock: %v", err)
	}
	_, asideErr := d.SetAside(k1)
	for name, err := range map[string]error{
		"Create":       d.Create(record(t, Key{ContainerID: "c2", IfName: "eth0"})),
		"Update":       d.Update(record(t, k1)),
		"Remove":       d.Remove(record(t, k1)),
		"Remove older": d.Remove(record(t, Key{ContainerID: "older", IfName: "eth0"})),
		"SetAside":     asideErr,
	} {
		if !errors.Is(err, unix.EROFS) {
			t.Errorf("%s: %v", name, err)
		}
	}
	records, err := d.List()
	if err != nil || len(records) != 2 {
		t.Errorf("List: %d records, %v", len(records), err)
	}
	below := d + "/a/multus"
	if _, err := below.Lock(t.Context(), k1); !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("Lock in a directory that is missing: %v", err)
	}
}

// What lies in the place of a record is neither followed nor waited for.
func TestInTheRecordsPlace(t *testing.T) {
	tests := []struct {
		name string
		make func(path string) error
		want string
	}{
		{"symbolic link to a record", func(p string) error { return os.Symlink("c2@eth0.json", p) }, "a symbolic link"},
		{"symbolic link to nothing", func(p string) error { return os.Symlink("none", p) }, "a symbolic link"},
		{"directory", func(p string) error { return os.MkdirAll(p+"/x", 0o700) }, "no regular file"},
		{"FIFO", func(p string) error { return unix.Mkfifo(p, 0o600) }, "no regular file"},
		{"device", func(p string) error { return unix.Mknod(p, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5))) }, "no regular file"},
		{"huge", func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, maxFile+1)) }, "67108865 bytes, more than 67108864"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(t.TempDir())
			must(t, d.Create(record(t, Key{ContainerID: "c2", IfName: "eth0"})))
			if err := tt.make(d.path("sandboxes/c1@eth0.json")); err != nil {
				t.Skipf("not to be made here: %v", err)
			}
			if _, err := d.Load(k1); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: %v, want ErrUnreadable, %q", err, tt.want)
			}
			records, err := d.List()
			if len(records) != 1 || !errors.Is(err, ErrUnreadable) {
				t.Errorf("List: %d records, %v", len(records), err)
			}
			if err := d.Create(record(t, k1)); !errors.Is(err, ErrExists) {
				t.Errorf("Create: %v", err)
			}
			path, err := d.SetAside(k1)
			must(t, err)
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("set aside: %v", err)
			}
			must(t, d.Create(record(t, k1)))
		})
	}
}

func TestSymbolicLinksAreNotFollowed(t *testing.T) {
	outside := Dir(t.TempDir())
	must(t, outside.Create(record(t, k1)))
	d := Dir(t.TempDir())
	must(t, os.Symlink(outside.path(sandboxesName), d.path(sandboxesName)))
	before := files(t, outside)

	other := record(t, Key{ContainerID: "c2", IfName: "eth0"})
	_, loadErr := d.Load(k1)
	_, listErr := d.List()
	_, keysErr := d.Keys()
	_, asideErr := d.SetAside(k1)
	for name, err := range map[string]error{
		"Create": d.Create(other), "Update": d.Update(other), "Remove": d.Remove(record(t, k1)),
		"Load": loadErr, "List": listErr, "Keys": keysErr, "SetAside": asideErr,
	} {
		if err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "a symbolic link, which is not followed here") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, files(t, outside)); diff != "" {
		t.Errorf("changed behind the link (-want +got):\n%s", diff)
	}
}

// The state directory itself may be a link: the admin's path is the admin's.
func TestStateDirectoryMayBeALink(t *testing.T) {
	real := t.TempDir()
	d := Dir(t.TempDir() + "/link")
	must(t, os.Symlink(real, string(d)))
	must(t, d.Create(record(t, k1)))
	if _, err := Dir(real).Load(k1); err != nil {
		t.Error(err)
	}
}

// What a killed writer left under the temporary name, be it a link, is replaced.
func TestStaleTemporary(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "victim", "precious")
	temp := d.path("sandboxes/.c1@eth0.json.tmp")
	must(t, os.MkdirAll(d.path(sandboxesName), 0o700))
	must(t, os.Symlink("../victim", temp))
	must(t, d.Create(record(t, k1)))
	must(t, os.WriteFile(temp, []byte("half a reco"), 0o600))
	must(t, d.Update(attached(record(t, k1))))
	got, err := d.Load(k1)
	must(t, err)
	if diff := differ(attached(record(t, k1)), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, os.WriteFile(temp, nil, 0o600))
	must(t, d.Remove(got))
	if diff := cmp.Diff([]string{"sandboxes", "victim"}, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if data, err := os.ReadFile(d.path("victim")); string(data) != "precious" {
		t.Errorf("written through a link: %q, %v", data, err)
	}
}

// DEL after an ADD that was killed before it had a record.
func TestRemoveWithoutRecord(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d, "sandboxes/.c1@eth0.json.tmp", "half")
	must(t, d.Remove(Record{Sandbox: record(t, k1).Sandbox}))
	if diff := cmp.Diff([]string{"sandboxes"}, files(t, d)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
