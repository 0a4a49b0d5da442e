package logfile

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

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
)

const (
	writers        = 50
	linesPerWriter = 40
	// writerEnv turns the test binary into one of many processes that share a log.
	writerEnv = "MULTUS_TEST_LOG_WRITER"
)

// TestMain lets the test binary be the process that tidies up.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == TidyCommand {
		var conf config.Log
		if json.Unmarshal([]byte(os.Args[2]), &conf) != nil || Tidy(conf, time.Now()) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crowded is a log that is full every few lines.
func crowded(path string) config.Log {
	return config.Log{File: path, MaxSize: 8 << 10, Compress: true}
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
	tidied(t, crowded(path))
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
	cnitest.Must(t, cmd.Start())
	return cmd
}

func writeLines(t *testing.T, spec string) {
	var writer int
	var path string
	if _, err := fmt.Sscan(spec, &writer, &path); err != nil {
		t.Fatal(err)
	}
	log := open(t, crowded(path))
	for line := range linesPerWriter {
		write(t, log, fmt.Sprintf(`{"writer": %d, "line": %d, "msg": %q}`, writer, line, strings.Repeat("x", line*7%300)))
	}
}

// open is a log of which nothing but lines is expected, however slow the machine.
func open(t *testing.T, conf config.Log) *File {
	return &File{Conf: conf, patience: time.Minute, Warn: func(err error) { t.Errorf("warning: %v", err) }}
}

func write(t *testing.T, log *File, line string) {
	t.Helper()
	if n, err := log.Write([]byte(line + "\n")); err != nil || n != len(line)+1 {
		t.Errorf("%d bytes of %q written: %v", n, line, err)
	}
}

// tidied waits until the processes that compress are done: each file is synced, which
// on a busy disk takes a second.
func tidied(t *testing.T, conf config.Log) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		cnitest.Must(t, Tidy(conf, time.Now()))
		plain := globbed(t, strings.TrimSuffix(conf.File, ".log")+"-*.log")
		if len(plain) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not compressed: %v", plain)
		}
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	place(t, path, "old\n")
	cnitest.Must(t, os.Chmod(path, 0o640))
	log := open(t, config.Log{File: path, MaxSize: 10})
	write(t, log, "fits")
	write(t, log, "over")
	old := rotated(t, path)
	if len(old) != 1 {
		t.Fatalf("want one old file, got %v", old)
	}
	if got := content(t, old[0]); got != "old\nfits\n" {
		t.Errorf("old file: %q", got)
	}
	if got := content(t, path); got != "over\n" {
		t.Errorf("new file: %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("new file lost the old one's permissions: %v, %v", info.Mode(), err)
	}
}

// What was moved aside is compressed, and what is too much goes, and no line waits for it.
func TestRotationTidies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	oldest, old := movedName(path, time.Now().Add(-2*time.Hour)), movedName(path, time.Now().Add(-time.Hour))
	place(t, oldest, "oldest")
	place(t, old, "old")
	conf := config.Log{File: path, MaxSize: 10, MaxBackups: 2, Compress: true}
	log := open(t, conf)
	write(t, log, "123456789")
	write(t, log, "new")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := rotated(t, path)
		if len(got) == 2 && strings.HasSuffix(got[0], zipped) && strings.HasSuffix(got[1], zipped) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("not tidied: %v", got)
		}
	}
	if got := allLines(t, path); strings.Join(got, " ") != "old123456789 new" {
		t.Errorf("lines %q", got)
	}
}

// A line longer than the whole allowance is written all the same.
func TestRotationOfALineThatIsTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	log := open(t, config.Log{File: path, MaxSize: 10})
	write(t, log, "longer than ten bytes")
	write(t, log, "and so is the second")
	if got := allLines(t, path); len(got) != 2 || len(rotated(t, path)) != 1 {
		t.Errorf("lines %q in %v", got, files(t, path))
	}
}

// Somebody's own logrotate, or rm, moves the file away between lines.
func TestLogFollowsThePath(t *testing.T) {
	for name, move := range map[string]func(path string) error{
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "multus.log")
			log := open(t, config.Log{File: path})
			write(t, log, "before")
			cnitest.Must(t, move(path))
			write(t, log, "after")
			if got := content(t, path); got != "after\n" {
				t.Errorf("the new file holds %q", got)
			}
		})
	}
}

// The target of a link is rotated, not the link.
func TestRotationBehindALink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link.log"), filepath.Join(dir, "target.log")
	cnitest.Must(t, os.Symlink(target, link))
	log := open(t, config.Log{File: link, MaxSize: 10})
	write(t, log, "one456789")
	write(t, log, "two")
	if old := rotated(t, target); len(old) != 1 || content(t, target) != "two\n" {
		t.Errorf("old files %v, target %q", old, content(t, target))
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
}

// A process that was stopped while it rotated stops no other one.
func TestRotationLockHeldForever(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	held(t, path+".lock")
	var warnings []string
	log := &File{Conf: config.Log{File: path, MaxSize: 10}, Warn: func(err error) { warnings = append(warnings, err.Error()) }}
	begin := time.Now()
	for range 5 {
		write(t, log, "a line")
	}
	if took := time.Since(begin); took > 3*lockPatience {
		t.Errorf("five lines took %v", took)
	}
	if got := content(t, path); strings.Count(got, "a line\n") != 5 {
		t.Errorf("the file holds %q", got)
	}
	if len(warnings) == 0 || !strings.Contains(warnings[0], "locked by another process") {
		t.Errorf("warnings: %q", warnings)
	}
}

// A line that another process is about to write is waited for before the log is moved.
func TestRotationWaitsForWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "multus.log")
	place(t, path, "a long line\n")
	writer := held(t, path+".lock")
	done := make(chan bool)
	go func() {
		write(t, open(t, config.Log{File: path, MaxSize: 10}), "new")
		close(done)
	}()
	time.Sleep(50 * time.Millisecond)
	if got := rotated(t, path); len(got) != 0 {
		t.Errorf("moved under a writer: %v", got)
	}
	cnitest.Must(t, writer.Close())
	<-done
	if got := rotated(t, path); len(got) != 1 || content(t, path) != "new\n" {
		t.Errorf("old files %v, new one %q", got, content(t, path))
	}
}

func held(t *testing.T, path string) *os.File {
	t.Helper()
	lock, err := os.Create(path)
	cnitest.Must(t, err)
	t.Cleanup(func() { lock.Close() })
	cnitest.Must(t, flock(lock))
	return lock
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
	cnitest.Must(t, err)
	plain, err := io.ReadAll(unpacker)
	cnitest.Must(t, err)
	return string(plain)
}

func place(t *testing.T, path, text string) {
	t.Helper()
	cnitest.Must(t, os.WriteFile(path, []byte(text), 0o600))
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	cnitest.Must(t, err)
	return string(data)
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	cnitest.Must(t, err)
	return found
}
