package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// guarded is a file, and the permissions that nobody but root should have on it.
type guarded struct {
	path string
	not  fs.FileMode
	why  string
}

// modes tells who else may read secrets, or put something in multus's place.
func modes(_ context.Context, s *survey) []Finding {
	const writable, readable = fs.FileMode(0o022), fs.FileMode(0o077)
	files := []guarded{
		{s.file, writable, "others may write to it"}, {s.confDir, writable, "others may write to it"},
		{s.conf.CNIDir, readable, "others may look into it"},
	}
	for _, dir := range s.binDirs {
		files = append(files, guarded{dir, writable, "others may write to it"}, guarded{filepath.Join(dir, s.kind()), writable, "others may write to it"})
	}
	if s.client != nil {
		files = append(files, guarded{s.conf.Kubeconfig, readable, "others may read it"})
		c, _ := s.client.Credential() // what is wrong with it is another check's
		for _, path := range c.Files {
			files = append(files, guarded{path, readable, "others may read it"})
		}
	}
	var found []Finding
	seen := map[string]bool{}
	for _, g := range files {
		info, err := os.Stat(g.path)
		if err != nil || seen[g.path] || info.Mode().Perm()&g.not == 0 {
			continue
		}
		seen[g.path] = true
		right := info.Mode().Perm() &^ g.not
		f := Finding{Level: Warning, What: fmt.Sprintf("%s has mode %#o: %s", g.path, info.Mode().Perm(), g.why), Cure: fmt.Sprintf("chmod %#o, or doctor --fix", right)}
		f.fix = func(context.Context) (string, error) {
			return fmt.Sprintf("%s has mode %#o now", g.path, right), os.Chmod(g.path, right)
		}
		found = append(found, f)
	}
	if len(found) > 0 {
		return found
	}
	return ok("nobody but root may change what runs, or read the credential")
}

// selinux tells whether multus's files have the labels of those around them. A file
// that was moved here instead of made here has another one, and may not be run.
func selinux(_ context.Context, s *survey) []Finding {
	enforcing, err := os.ReadFile("/sys/fs/selinux/enforce")
	if err != nil || string(bytes.TrimSpace(enforcing)) != "1" {
		return ok("not enforcing")
	}
	var found []Finding
	paths := []string{s.file}
	for _, dir := range s.binDirs {
		paths = append(paths, filepath.Join(dir, s.kind()))
	}
	for _, path := range paths {
		own, dir := label(path), label(filepath.Dir(path))
		if own == "" {
			continue
		}
		if others := labelsBeside(path); own != dir && len(others) > 0 && !others[own] {
			found = append(found, warning("restorecon "+path, "%s is labelled %s, and what is beside it is not: it may not be run or read", path, own)...)
		}
	}
	if len(found) > 0 {
		return found
	}
	return ok("enforcing; multus's files are labelled as those beside them")
}

// labelsBeside are the types of the other files of a directory.
func labelsBeside(path string) map[string]bool {
	others := map[string]bool{}
	entries, _ := os.ReadDir(filepath.Dir(path)) // none there, none to compare with
	for _, e := range entries {
		if other := filepath.Join(filepath.Dir(path), e.Name()); other != path && e.Type().IsRegular() {
			others[label(other)] = true
		}
	}
	return others
}

// label is the SELinux type of a file; "" where it has none.
func label(path string) string {
	value := make([]byte, 256)
	n, err := unix.Getxattr(path, "security.selinux", value)
	if errors.Is(err, syscall.ENODATA) || n <= 0 {
		return ""
	}
	parts := strings.Split(strings.TrimRight(string(value[:n]), "\x00"), ":")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}
