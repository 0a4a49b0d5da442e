// Package manifest reads pods, networks and a Multus configuration from files,
// so that everything that Multus does in a cluster can be explained, validated
// and tried with the same code and no cluster at all.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
)

// maxFile bounds a file, maxFiles the files of one Load.
const (
	maxFile  = 4 << 20
	maxFiles = 1000
)

// Load reads the files, and of each folder its *.yaml, *.yml and *.json files by
// name; "-" is standard input. All faults are joined, each with file, line,
// object and key; what could be read is returned beside them.
func Load(files ...string) (*Objects, error) { return Read(os.Stdin, files...) }

// Read is Load with another standard input.
func Read(stdin io.Reader, files ...string) (*Objects, error) {
	l := loader{
		seen: map[string]string{},
		pods: map[plan.Ref]bool{},
		objects: &Objects{
			nads:     definitions{kind: KindNAD, known: map[plan.Ref]plan.Definition{}},
			networks: definitions{kind: "kubernetes.com/v1 Network", known: map[plan.Ref]plan.Definition{}},
			status:   map[string][]byte{},
		},
	}
	if len(files) == 0 {
		return l.objects, errors.New("no files to read")
	}
	paths, err := expand(files)
	l.faults.Add(err)
	for _, path := range paths {
		l.file(stdin, path)
	}
	return l.objects, l.faults.Err()
}

// expand replaces folders by their files.
func expand(files []string) ([]string, error) {
	var paths []string
	var faults []error
	for _, file := range files {
		found := []string{file}
		if info, err := os.Stat(file); file != "-" && err == nil && info.IsDir() {
			found, err = folder(file)
			faults = append(faults, err)
		}
		paths = append(paths, found...)
	}
	if len(paths) > maxFiles {
		faults = append(faults, fmt.Errorf("%d files, where %d are allowed", len(paths), maxFiles))
		paths = nil
	}
	return paths, errors.Join(faults...)
}

// folder lists the files of a folder that hold objects.
func folder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			continue
		}
		found = append(found, filepath.Join(path, e.Name()))
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no *.yaml, *.yml or *.json file in the folder", path)
	}
	return found, nil
}

// loader gathers the objects and faults of several files.
type loader struct {
	objects *Objects
	seen    map[string]string // the places of objects, by kind, namespace and name
	pods    map[plan.Ref]bool
	faults  fault.List
}

func (l *loader) warn(o Object, text string) {
	l.objects.Warnings = append(l.objects.Warnings, fault.Fault{Place: o.Place, Subject: o.Subject(), What: text}.Error())
}

// file reads one file.
func (l *loader) file(stdin io.Reader, path string) {
	name := path
	if path == "-" {
		name = "standard input"
	}
	data, err := content(stdin, path)
	if err != nil {
		l.faults.Add(err)
		return
	}
	docs, faults := documents(name, data)
	for _, f := range faults {
		l.faults.Add(f)
	}
	if len(docs)+len(faults) == 0 {
		l.objects.Warnings = append(l.objects.Warnings, name+": no objects in it")
	}
	for _, d := range docs {
		l.any(value{node: d.root, doc: d}, 0)
		l.told(d, "")
	}
}

// told takes up the faults that were noted of a document, as those of a subject.
func (l *loader) told(d *document, subject string) {
	for _, f := range d.faults {
		f.Subject = subject
		l.faults.Add(f)
	}
	d.faults = nil
}

// content reads a file, or standard input, of bounded size. The path may be a
// pipe, as shells make for <(command).
func content(stdin io.Reader, path string) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	data, err := io.ReadAll(io.LimitReader(stdin, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxFile>>20)
	}
	return data, nil
}
