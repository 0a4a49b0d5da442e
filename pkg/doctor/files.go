package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// modes tells who else may read secrets, or put something in multus's place.
func modes(_ context.Context, s *survey) []Finding {
	var found []Finding
	guard := func(path string, forbidden fs.FileMode, why string) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&forbidden == 0 {
			return
		}
		right := info.Mode().Perm() &^ forbidden
		f := Finding{Level: Warning, What: fmt.Sprintf("%s has mode %#o: others may %s it", path, info.Mode().Perm(), why), Cure: fmt.Sprintf("chmod %#o, or doctor --fix", right)}
		f.fix = func(context.Context) (string, error) {
			return fmt.Sprintf("%s has mode %#o now", path, right), os.Chmod(path, right)
		}
		found = append(found, f)
	}
	for _, path := range slices.Concat(s.ours(), s.BinDirs, []string{s.ConfDir}) {
		guard(path, 0o022, "write to")
	}
	secrets := []string{s.conf.CNIDir}
	if s.client != nil {
		c, _ := s.client.Credential() // what is wrong with it is another check's
		secrets = append(secrets, c.Files...)
	}
	for _, path := range secrets {
		guard(path, 0o077, "read")
	}
	return or(found, ok("nobody but root may change what runs, or read the credential"))
}

// ours are multus's own files.
func (s *survey) ours() []string {
	paths := []string{s.file}
	for _, dir := range s.BinDirs {
		paths = append(paths, filepath.Join(dir, s.kind))
	}
	return paths
}

// selinux tells whether multus's files have the labels of those around them. A file
// that was moved here instead of made here has another one, and may not be run.
func selinux(_ context.Context, s *survey) []Finding {
	enforcing, _ := os.ReadFile("/sys/fs/selinux/enforce") // not there without SELinux
	if strings.TrimSpace(string(enforcing)) != "1" {
		return ok("not enforcing")
	}
	var found []Finding
	for _, path := range s.ours() {
		own, others := label(path), labelsBeside(path)
		if own != "" && own != label(filepath.Dir(path)) && len(others) > 0 && !slices.Contains(others, own) {
			found = append(found, warning("restorecon "+path, "%s is labelled %s, and what is beside it is not: it may not be run or read", path, own)...)
		}
	}
	return or(found, ok("enforcing; multus's files are labelled as those beside them"))
}

// labelsBeside are the types of the other files of a directory.
func labelsBeside(path string) []string {
	var others []string
	entries, _ := os.ReadDir(filepath.Dir(path)) // none there, none to compare with
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != filepath.Base(path) {
			others = append(others, label(filepath.Join(filepath.Dir(path), e.Name())))
		}
	}
	return others
}

// label is the SELinux type of a file; "" where it has none.
func label(path string) string {
	value := make([]byte, 256)
	n, _ := unix.Getxattr(path, "security.selinux", value)
	parts := strings.Split(strings.TrimRight(string(value[:max(n, 0)]), "\x00"), ":")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}
