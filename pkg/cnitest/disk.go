package cnitest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Mount puts an empty file system in a directory's place until the test ends. Without
// root the test is skipped.
func Mount(t testing.TB, directory, options string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting takes root")
	}
	Must(t, unix.Mount("tmpfs", directory, "tmpfs", 0, options))
	t.Cleanup(func() { Must(t, unix.Unmount(directory, unix.MNT_DETACH)) })
}

// Remount makes a file system read-only, writable again, or larger.
func Remount(t testing.TB, directory string, flags uintptr, options string) {
	t.Helper()
	Must(t, unix.Mount("", directory, "", unix.MS_REMOUNT|flags, options))
}

// Fill takes up all of a file system but for so many bytes, until Free.
func Fill(t testing.TB, directory string, free int64) {
	t.Helper()
	f, err := os.Create(filepath.Join(directory, filler))
	Must(t, err)
	defer f.Close()
	size := int64(0)
	for block := make([]byte, 4096); err == nil; {
		var n int
		n, err = f.Write(block)
		size += int64(n)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	Must(t, f.Truncate(max(0, size-free)))
}

// Free takes away what Fill wrote.
func Free(t testing.TB, directory string) {
	t.Helper()
	Must(t, os.Remove(filepath.Join(directory, filler)))
}

const filler = "filler"
