package logfile

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
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
		{"killed while compressing", config.Log{Compress: true}, []string{first, first + ".gz"}, []string{first + ".gz"}},
		{"both forms of one are one", config.Log{MaxBackups: 1}, []string{first, first + ".gz", second, second + ".gz"},
			[]string{second, second + ".gz"}},
		{"other people's files", config.Log{MaxBackups: 1, MaxAge: 1, Compress: true},
			[]string{"multus-notes.log", "multus-2026-01-01.log", "other-2026-01-01T00-00-00.000.log", first + ".bak", "multus.log.lock"},
			[]string{"multus-2026-01-01.log", first + ".bak", "multus-notes.log", "multus.log.lock", "other-2026-01-01T00-00-00.000.log"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range append(test.files, "multus.log") {
				place(t, filepath.Join(dir, name), name)
			}
			test.conf.File = filepath.Join(dir, "multus.log")
			cnitest.Must(t, Tidy(test.conf, now))
			entries, err := os.ReadDir(dir)
			cnitest.Must(t, err)
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
	place(t, path, text)
	place(t, path+zipped, "half")
	cnitest.Must(t, compress(path))
	if got := unzip(t, content(t, path+zipped)); got != text {
		t.Errorf("%d bytes of %d are left", len(got), len(text))
	}
}

// Of two processes that tidy at once, one compresses a file.
func TestCompressedByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	moved := movedName(path, time.Now())
	place(t, moved, "line\n")
	other, err := os.Open(moved)
	cnitest.Must(t, err)
	cnitest.Must(t, flock(other))
	conf := config.Log{File: path, Compress: true}
	cnitest.Must(t, Tidy(conf, time.Now()))
	if got := rotated(t, path); len(got) != 1 || got[0] != moved {
		t.Errorf("compressed under another process: %v", got)
	}
	other.Close()
	tidied(t, conf)
}
