package netconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
)

// Dir is where networks on disk are found: directories in order of preference, the
// first that exists counts.
type Dir []string

// Found is a network found on disk.
type Found struct {
	List     List
	File     string
	IsList   bool     // as opposed to a lone plugin
	Warnings []string // files skipped on the way and keys dropped, each with its reason
}

// Named finds the network whose JSON name is wanted: .conflist files before .conf
// and .json files, each by file name. ErrNotFound where there is none. A file of
// that name with anything wrong in it is an error, not a reason to look further;
// any other file that cannot be read is skipped with a warning.
func (d Dir) Named(wanted string) (Found, error) {
	dir, entries, err := d.open()
	if err != nil {
		return Found{}, fmt.Errorf("network %s: %w", fault.Quote(wanted), err)
	}
	var skipped fault.Notes
	for _, file := range slices.Concat(only(entries, listFiles()), only(entries, pluginFiles())) {
		path := filepath.Join(dir, file)
		o, err := readObject(path)
		if err != nil {
			skipped.Addf("skipped: %s: %v", path, err)
			continue
		}
		if own, _ := o.Text("name"); own != wanted || wanted == "" {
			continue
		}
		found, err := load(path, o)
		found.Warnings = slices.Concat(skipped, found.Warnings)
		return found, err
	}
	return Found{Warnings: skipped}, fmt.Errorf("network %s in %s: %w", fault.Quote(wanted), dir, missing(skipped))
}

// First is the first file of the directory, by file name, that holds a usable
// network; those before it are skipped with a warning. Multus's own configuration is
// no usable one: it stands first in the runtime's directory, so that the runtime takes
// it, and is to find the one behind it. ErrNotFound where there is none.
func First(dir string) (Found, error) {
	dir, entries, err := Dir{dir}.open()
	if err != nil {
		return Found{}, err
	}
	var skipped fault.Notes
	for _, file := range only(entries, slices.Concat(listFiles(), pluginFiles())) {
		found, err := File(filepath.Join(dir, file))
		if err == nil && found.List.Self("") != "" {
			err = fmt.Errorf("%s: a configuration of multus itself", found.File)
		}
		if err != nil {
			skipped.Addf("skipped: %v", err)
			continue
		}
		found.Warnings = slices.Concat(skipped, found.Warnings)
		return found, nil
	}
	return Found{Warnings: skipped}, fmt.Errorf("any network in %s: %w", dir, missing(skipped))
}

// open reads the first directory that exists.
func (d Dir) open() (dir string, entries []fs.DirEntry, err error) {
	for _, dir := range d {
		entries, err = os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return dir, entries, err
	}
	return "", nil, fmt.Errorf("%w: no directory %s", ErrNotFound, strings.Join(d, " or "))
}

// missing is ErrNotFound, with what was skipped: the network that is looked for is
// often the one with the mistake in it.
func missing(skipped fault.Notes) error {
	if len(skipped) == 0 {
		return ErrNotFound
	}
	return fmt.Errorf("%w (%s)", ErrNotFound, strings.Join(skipped, "; "))
}

// RuntimeFiles are the names of the files of a directory that container runtimes read
// as configurations, in their order; none where there is no directory.
func RuntimeFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	entries = slices.DeleteFunc(entries, fs.DirEntry.IsDir)
	return only(entries, []string{".conf", ".conflist", ".json"}), err
}

// only are the names of the entries that end in one of these, sorted.
func only(entries []fs.DirEntry, extensions []string) []string {
	var out []string
	for _, e := range entries {
		if slices.Contains(extensions, filepath.Ext(e.Name())) {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out
}

// listFiles is how the names of files end that are meant to hold lists. The longer
// one is of the multi-network specification, 3.4.1, as below.
func listFiles() []string { return []string{".conflist", ".configlist"} }

// pluginFiles is how those end that are meant to hold a lone plugin.
func pluginFiles() []string { return []string{".conf", ".json", ".config"} }
