package regular_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/multus-cni/multus/pkg/regular"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	file, pipe, link := filepath.Join(dir, "file"), filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, []byte("12345"), 0o600), syscall.Mkfifo(pipe, 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path  string
		limit int64
		want  string
	}{
		{file, 5, ""},
		{link, 5, ""},
		{file, 4, "more than 4 bytes"},
		{pipe, 5, "a regular file is expected, found a named pipe"},
		{dir, 5, "a regular file is expected, found a directory"},
		{"/dev/zero", 5, "a regular file is expected, found a device or socket"},
	}
	for _, tt := range tests {
		data, err := regular.Read(tt.path, tt.limit)
		if tt.want == "" {
			if err != nil || string(data) != "12345" {
				t.Errorf("%s: %q, %v", tt.path, data, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.path) || regular.Reason(err).Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.path, err, tt.want)
		}
	}
	if _, err := regular.Read(filepath.Join(dir, "none"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
