package netconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/regular"
)

// File reads one file and, unless it says loadOnlyInlinedPlugins, appends the
// plugins of the subdirectory named after the network beside it (CNI specification,
// section 1). A lone plugin is no list: nothing is appended to it. One bad file in
// the subdirectory fails the whole: a chain without one of its plugins, a firewall
// say, is another network.
func File(path string) (Found, error) {
	o, err := readObject(path)
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", path, err)
	}
	return load(path, o)
}

// Chain reads the directory's *.conf files, sorted by file name, as the plugins of
// one list of a name and version that are known to be right; ErrNoPlugins where there
// is no such file or directory.
func Chain(dir, name, cniVersion string) (Found, error) {
	d := draft{list: List{name: name, cniVersion: cniVersion}}
	err := d.extend(dir)
	return d.found(dir, err)
}

// load makes the network of a file that was read already.
func load(path string, o rawjson.Object) (Found, error) {
	d, err := draftOf(o, "")
	if err == nil && d.isList && !d.inlineOnly {
		err = d.extend(filepath.Join(filepath.Dir(path), d.list.name))
	}
	return d.found(path, err)
}

// found is the network, or what is wrong with it, with the place where it was found.
func (d draft) found(path string, err error) (Found, error) {
	if err == nil {
		err = d.checkFilled()
	}
	if err != nil {
		return Found{}, fmt.Errorf("%s: %w", path, err)
	}
	var warnings []string
	for _, w := range d.warnings {
		warnings = append(warnings, path+": "+w)
	}
	return Found{List: d.list, File: path, IsList: d.isList, Warnings: warnings}, nil
}

// extend appends the plugins of a directory. The name of the network was checked, so
// that it cannot lead elsewhere.
func (d *draft) extend(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, file := range only(entries, []string{".conf"}) {
		o, err := readObject(filepath.Join(dir, file))
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, file), err)
		}
		if _, isList := o.Value("plugins"); isList {
			d.fault(file, "a single plugin is expected, found a list")
		}
		d.readPlugin(file, o)
		if d.list.Size() > MaxSize || len(d.list.plugins) > maxPlugins {
			return fmt.Errorf("%s: at most %d plugins and %d bytes are read", dir, maxPlugins, MaxSize)
		}
	}
	return fault.About(dir, d.faults.Err())
}

// readObject reads the JSON object in a file.
func readObject(path string) (rawjson.Object, error) {
	data, err := regular.Read(path, MaxSize)
	if err != nil {
		return rawjson.Object{}, regular.Reason(err)
	}
	return rawjson.Parse(data)
}
