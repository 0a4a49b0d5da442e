package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/logfile"
)

func TestLogGoesWhereTheConfigurationSays(t *testing.T) {
	for _, test := range []struct {
		name         string
		conf         config.Log
		stderr, file string
	}{
		{name: "nothing passes panic", conf: config.Log{Level: "panic", ToStderr: true, File: "multus.log"}},
		{name: "unset level", conf: config.Log{ToStderr: true, File: "multus.log"}},
		{name: "nowhere to go", conf: config.Log{Level: "debug"}},
		{name: "stderr alone", conf: config.Log{Level: "debug", ToStderr: true}, stderr: "level=debug msg=small\nlevel=warning msg=\"two\\nlines\" pod=ns/p\n"},
		{name: "file alone", conf: config.Log{Level: "warning", File: "multus.log"}, file: "level=warning msg=\"two\\nlines\" pod=ns/p\n"},
		{name: "both", conf: config.Log{Level: "warning", ToStderr: true, File: "multus.log"},
			stderr: "level=warning msg=\"two\\nlines\" pod=ns/p\n", file: "level=warning msg=\"two\\nlines\" pod=ns/p\n"},
		{name: "new folder", conf: config.Log{Level: "warning", File: "a/b/multus.log"}, file: "level=warning msg=\"two\\nlines\" pod=ns/p\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.conf.File != "" {
				test.conf.File = filepath.Join(t.TempDir(), test.conf.File)
			}
			var stderr bytes.Buffer
			log := newLog(test.conf, &stderr)
			log.Debug("small")
			log.WithField("pod", "ns/p").Warn("two\nlines")
			got := []string{withoutTimes(stderr.String()), withoutTimes(content(t, test.conf.File))}
			if diff := cmp.Diff([]string{test.stderr, test.file}, got); diff != "" {
				t.Errorf("stderr and file (-want +got):\n%s", diff)
			}
			if _, err := os.Stat(test.conf.File); test.file == "" && err == nil {
				t.Errorf("%s was made although nothing was logged", test.conf.File)
			}
		})
	}
}

func TestLogAsJSON(t *testing.T) {
	var stderr bytes.Buffer
	log := newLog(config.Log{Level: "info", ToStderr: true, JSON: true}, &stderr)
	log.WithError(errors.New("a <&> b\n")).Info("done")
	var got map[string]string
	if err := json.Unmarshal(stderr.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, &stderr)
	}
	if _, err := time.Parse(time.RFC3339, got["time"]); err != nil {
		t.Error(err)
	}
	delete(got, "time")
	if diff := cmp.Diff(map[string]string{"level": "info", "msg": "done", "error": "a <&> b\n"}, got); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("one entry is not one line: %q", &stderr)
	}
}

// A log that cannot be written costs nobody a network: the lines go to stderr, with the reason once.
func TestLogFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	cnitest.Must(t, os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600))
	for name, test := range map[string]struct{ path, reason string }{
		"a folder":                {dir, "no regular file"},
		"below a file":            {filepath.Join(dir, "plain", "multus.log"), "not a directory"},
		"no regular file":         {"/dev/null", "no regular file"},
		"a pipe nobody reads":     {fifo(t), "no regular file"},
		"a name that is too long": {filepath.Join(dir, strings.Repeat("x", 300)), "file name too long"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			log := newLog(config.Log{Level: "info", File: test.path}, &stderr)
			log.Info("one")
			log.Info("two")
			lines := strings.Split(stderr.String(), "\n")
			if len(lines) != 4 || !strings.Contains(lines[0], test.path) || !strings.Contains(lines[0], test.reason) ||
				!strings.Contains(lines[1], "msg=one") || !strings.Contains(lines[2], "msg=two") {
				t.Errorf("want one warning with %q and %q, then both lines; got:\n%s", test.path, test.reason, &stderr)
			}
		})
	}
}

func TestTidyLog(t *testing.T) {
	dir := t.TempDir()
	moved := filepath.Join(dir, "multus-2026-01-01T00-00-00.000.log")
	cnitest.Must(t, os.WriteFile(moved, []byte("line\n"), 0o600))
	conf, err := json.Marshal(config.Log{File: filepath.Join(dir, "multus.log"), Compress: true})
	cnitest.Must(t, err)
	if code := commandLine(t.Context(), streams{out: os.Stdout, err: os.Stderr}, []string{logfile.TidyCommand, string(conf)}); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(moved + ".gz"); err != nil {
		t.Error(err)
	}
}

func BenchmarkLogLineThatDoesNotPass(b *testing.B) {
	log := newLog(config.Log{Level: "panic", ToStderr: true}, os.Stderr)
	entry := logrus.NewEntry(log)
	for b.Loop() {
		entry.Debug("attached")
	}
}

func BenchmarkLogLineToFile(b *testing.B) {
	log := newLog(config.Log{Level: "info", File: filepath.Join(b.TempDir(), "multus.log"), MaxSize: 1 << 30}, os.Stderr)
	for b.Loop() {
		log.Info("attached")
	}
}

// withoutTimes cuts each line's leading time field.
func withoutTimes(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(line, " ")
		out.WriteString(rest)
	}
	return out.String()
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	cnitest.Must(t, unix.Mkfifo(path, 0o600))
	return path
}
