package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
)

func TestTidy(t *testing.T) {
	const (
		first  = "multus-2026-01-01T00-00-00.000.log"
		second = "multus-2026-01-02T00-00-00.000.log"
		third  = "multus-2026-01-03T00-00-00.000.log"
		day    = 24 * time.Hour
	)
	now := time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name        string
		conf        config.Log
		files, want []string
	}{
		{"without limits", config.Log{}, []string{first, second}, []string{first, second}},
		{"too many", config.Log{MaxBackups: 2}, []string{first, second, third}, []string{second, third}},
		{"too old", config.Log{MaxAge: 2 * day}, []string{first, second, third}, []string{second, third}},
		{"a compressed one counts", config.Log{MaxBackups: 1}, []string{first + ".gz", second + ".gz", third}, []string{third}},
		{"compressing", config.Log{Compress: true}, []string{first, second + ".gz"}, []string{first + ".gz", second + ".gz"}},
		{"killed while compressing", config.Log{Compress: true}, []string{first, first + ".gz.tmp"}, []string{first + ".gz"}},
		{"killed before the plain file went", config.Log{Compress: true}, []string{first, first + ".gz"}, []string{first + ".gz"}},
		{"all forms of one are one", config.Log{MaxBackups: 1}, []string{first, first + ".gz", second, second + ".gz", second + ".gz.tmp"},
			[]string{second, second + ".gz", second + ".gz.tmp"}},
		{"other people's files", config.Log{MaxBackups: 1, MaxAge: 1, Compress: true},
			[]string{"multus-notes.log", "multus-2026-01-01.log", "other-2026-01-01T00-00-00.000.log", first + ".bak", "multus.log.lock"},
			[]string{"multus-2026-01-01.log", first + ".bak", "multus-notes.log", "multus.log.lock", "other-2026-01-01T00-00-00.000.log"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range append(test.files, "multus.log") {
				write(t, filepath.Join(dir, name), name)
			}
			if err := newBackups(filepath.Join(dir, "multus.log")).tidy(test.conf, now); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, entry := range entries {
				got = append(got, entry.Name())
			}
			want := append(slices.Clone(test.want), "multus.log")
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if got := content(t, filepath.Join(dir, "multus.log")); got != "multus.log" {
				t.Errorf("the log itself holds %q", got)
			}
		})
	}
}

// What a killed process left half compressed is whole in the end.
func TestCompressingAgainKeepsAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus-2026-01-01T00-00-00.000.log")
	text := string(bytes.Repeat([]byte("line\n"), 1<<16))
	write(t, path, text)
	write(t, path+zipped, "half")
	write(t, path+unfinished, "half")
	if err := (backup{path: path, plain: true}).compress(); err != nil {
		t.Fatal(err)
	}
	if got := unzip(t, content(t, path+zipped)); got != text {
		t.Errorf("%d bytes of %d are left", len(got), len(text))
	}
}

// Compression waits for a writer that is in the middle of a line, though not forever.
func TestCompressionWaitsForWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus-2026-01-01T00-00-00.000.log")
	write(t, path, "early\n")
	writer, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := flock(writer, unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	old := backup{path: path, plain: true}
	if err := newBackups(filepath.Join(filepath.Dir(path), "multus.log")).tidy(config.Log{Compress: true}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := globbed(t, path+"*"); len(got) != 1 {
		t.Fatalf("compressed under a writer: %v", got)
	}
	done := make(chan error)
	go func() { done <- old.compress() }()
	time.Sleep(50 * time.Millisecond)
	if _, err := writer.WriteString("late\n"); err != nil {
		t.Fatal(err)
	}
	if err := flock(writer, unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := unzip(t, content(t, path+zipped)); got != "early\nlate\n" {
		t.Errorf("compressed: %q", got)
	}
}

func TestNextBackupIsNew(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBackups(filepath.Join(dir, "multus.log"))
	write(t, filepath.Join(dir, "multus-2026-01-01T00-00-00.000.log"), "")
	write(t, filepath.Join(dir, "multus-2026-01-01T00-00-00.001.log.gz"), "")
	if got, want := b.next(now), filepath.Join(dir, "multus-2026-01-01T00-00-00.002.log"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
