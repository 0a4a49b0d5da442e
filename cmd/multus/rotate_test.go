package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/config"
)

const (
	writers        = 50
	linesPerWriter = 40
	// writerEnv turns the test binary into one of many processes that share a log.
	writerEnv = "MULTUS_TEST_LOG_WRITER"
)

// crowded is a log that is full every few lines.
func crowded(path string) config.Log {
	return config.Log{Level: "info", File: path, JSON: true, MaxSize: 8 << 10, Compress: true}
}

func TestManyProcessesLoseNoLine(t *testing.T) {
	if spec := os.Getenv(writerEnv); spec != "" {
		writeLines(t, spec)
		return
	}
	path := filepath.Join(t.TempDir(), "multus.log")
	running := make([]*exec.Cmd, writers)
	for i := range running {
		running[i] = startWriter(t, path, i)
	}
	for i, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("writer %d: %v\n%.1000s", i, err, cmd.Stdout)
		}
	}
	seen := map[string]int{}
	for _, line := range allLines(t, path) {
		var entry struct{ Writer, Line int }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("torn line %q: %v", line, err)
		}
		seen[fmt.Sprint(entry.Writer, " ", entry.Line)]++
	}
	if len(seen) != writers*linesPerWriter {
		t.Errorf("%d different lines arrived of %d", len(seen), writers*linesPerWriter)
	}
	for line, times := range seen {
		if times != 1 {
			t.Errorf("line %s arrived %d times", line, times)
		}
	}
	if len(files(t, path)) < 10 {
		t.Errorf("the log was hardly rotated: %v", files(t, path))
	}
}

func startWriter(t *testing.T, path string, i int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestManyProcessesLoseNoLine$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", writerEnv, i, path))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func writeLines(t *testing.T, spec string) {
	var writer int
	var path string
	if _, err := fmt.Sscan(spec, &writer, &path); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	log, closer := newLog(crowded(path), &stderr)
	for line := range linesPerWriter {
		log.WithField("writer", writer).WithField("line", line).Info(strings.Repeat("x", line*7%300))
	}
	if err := closer.Close(); err != nil {
		t.Error(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %.500s", &stderr)
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	log, closer := newLog(config.Log{Level: "info", File: path, MaxSize: 90}, os.Stderr)
	log.Info("fits") // 52 bytes
	log.Info("over")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	old := rotated(t, path)
	if len(old) != 1 {
		t.Fatalf("want one old file, got %v", old)
	}
	if got := content(t, old[0]); !strings.HasPrefix(got, "old\n") || !strings.Contains(got, "msg=fits") {
		t.Errorf("old file: %q", got)
	}
	if got := content(t, path); !strings.Contains(got, "msg=over") || strings.Count(got, "\n") != 1 {
		t.Errorf("new file: %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("new file lost the old one's permissions: %v, %v", info.Mode(), err)
	}
}

// A line longer than the whole allowance is written all the same.
func TestRotationOfALineThatIsTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	log, closer := newLog(config.Log{Level: "info", File: path, MaxSize: 10}, os.Stderr)
	log.Info("one")
	log.Info("two")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := allLines(t, path); len(got) != 2 || len(rotated(t, path)) != 1 {
		t.Errorf("lines %q in %v", got, files(t, path))
	}
}

// Somebody's own logrotate, or rm, moves the file away while it is open.
func TestLogFollowsThePath(t *testing.T) {
	for name, move := range map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "multus.log")
			log, closer := newLog(config.Log{Level: "info", File: path}, os.Stderr)
			defer closer.Close()
			log.Info("before")
			if err := move(path); err != nil {
				t.Fatal(err)
			}
			log.Info("after")
			if got := content(t, path); !strings.Contains(got, "msg=after") || strings.Contains(got, "msg=before") {
				t.Errorf("the new file holds %q", got)
			}
		})
	}
}

// The target of a link is rotated, not the link.
func TestRotationBehindALink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link.log"), filepath.Join(dir, "target.log")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	log, closer := newLog(config.Log{Level: "info", File: link, MaxSize: 10}, os.Stderr)
	log.Info("one")
	log.Info("two")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if old := rotated(t, target); len(old) != 1 || !strings.Contains(content(t, target), "msg=two") {
		t.Errorf("old files %v, target %q", old, content(t, target))
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
}

// A process that was stopped while it rotated stops no other one.
func TestRotationLockHeldForever(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	lock, err := os.Create(path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := flock(lock, unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	log, closer := newLog(config.Log{Level: "info", File: path, MaxSize: 10}, &stderr)
	begin := time.Now()
	for range 5 {
		log.Info("line")
	}
	if took := time.Since(begin); took > 3*lockPatience {
		t.Errorf("five lines took %v", took)
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); strings.Count(got, "msg=line") != 5 {
		t.Errorf("the file holds %q", got)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "locked by another process") {
		t.Errorf("stderr: %q", got)
	}
}

// files is the log with all that was rotated away from it.
func files(t *testing.T, path string) []string {
	t.Helper()
	return append(rotated(t, path), path)
}

func rotated(t *testing.T, path string) []string {
	t.Helper()
	return globbed(t, strings.TrimSuffix(path, ".log")+"-*")
}

func allLines(t *testing.T, path string) []string {
	t.Helper()
	var all strings.Builder
	for _, file := range files(t, path) {
		text := content(t, file)
		if strings.HasSuffix(file, zipped) {
			text = unzip(t, text)
		}
		all.WriteString(text)
	}
	return strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n")
}

func unzip(t *testing.T, text string) string {
	t.Helper()
	unpacker, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(unpacker)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
