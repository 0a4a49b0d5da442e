package netconf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File reads one file and, unless it says loadOnlyInlinedPlugins, appends the
// plugins of the sub-folder named after the network beside it (CNI specification,
// section 1). A lone plugin is no list: nothing is appended to it. One bad file in
// the sub-folder fails the whole: a chain without one of its plugins, a firewall
// say, is another network.
func File(path string) (Found, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Found{}, err
	}
	o, err := readObject(path)
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", path, err)
	}
	return load(path, o)
}

// Chain reads the folder's *.conf files, sorted by file name, as the plugins of
// one list called name; ErrNoPlugins where there is no such file or folder.
func Chain(folder, name, cniVersion string) (Found, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Found{}, err
	}
	members := object{}.with("name", quote(name)).with("cniVersion", quote(cniVersion))
	d, err := draftOf(members, "")
	if err == nil {
		err = d.extend(folder)
	}
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", folder, err)
	}
	if len(d.list.plugins) == 0 {
		return Found{}, fmt.Errorf("%s: %w", folder, ErrNoPlugins)
	}
	return d.found(folder), nil
}

// load makes the network of a file that was read already.
func load(path string, o object) (Found, error) {
	d, err := draftOf(o, "")
	if err == nil && d.isList && !d.inlineOnly {
		err = d.extend(filepath.Join(filepath.Dir(path), d.list.name))
	}
	if err == nil {
		err = d.complete()
	}
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", path, err)
	}
	return d.found(path), nil
}

// found is the network with the place where it was found in its warnings.
func (d draft) found(path string) Found {
	var warnings []string
	for _, w := range d.warnings {
		warnings = append(warnings, path+": "+w)
	}
	return Found{List: d.list, File: path, Warnings: warnings}
}

// extend appends the plugins of a folder. The name of the network was checked, so
// that it cannot lead elsewhere.
func (d *draft) extend(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return nil
	}
	if err != nil {
		return err
	}
	total := 0
	var f faults
	for _, file := range only(entries, func(e string) bool { return filepath.Ext(e) == ".conf" }) {
		o, err := readObject(filepath.Join(folder, file))
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(folder, file), err)
		}
		p := readPlugin(o, file, reporter{faults: &f, warnings: &d.warnings})
		if _, isList := o.value("plugins"); isList {
			f.add("%s: a single plugin is expected, found a list", file)
		}
		d.list.plugins = append(d.list.plugins, p)
		if total += len(p.raw); total > MaxSize || len(d.list.plugins) > maxPlugins {
			return fmt.Errorf("%s: at most %d plugins and %d bytes are read", folder, maxPlugins, MaxSize)
		}
	}
	if err := f.err(); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return nil
}

// readObject reads the JSON object in a file.
func readObject(path string) (object, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Members(data)
}

// readFile reads a regular file, also through symbolic links. A pipe, a device or
// a folder is an error at once: it must not make a command wait.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("a regular file is expected, found %s", modeOf(info.Mode()))
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("more than %d bytes", MaxSize)
	}
	return data, nil
}

// bare is the error without the path, which the caller adds.
func bare(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

func modeOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	}
	return "a device or socket"
}
