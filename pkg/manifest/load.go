// Package manifest reads pods, networks and a Multus configuration from files,
// so that everything that Multus does in a cluster can be explained, validated
// and tried with the same code and no cluster at all.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/regular"
)

// maxFile bounds a file, maxFiles the files of one Load.
const (
	maxFile  = 4 << 20
	maxFiles = 1000
)

// Load reads the files, and the manifests and CNI configurations that it finds in
// directories and in those within; "-" is standard input. All faults are joined,
// each with file, line, object and key; what could be read is returned beside them.
// Files of other kinds that are found in a directory are noted and left out.
func Load(files ...string) (*Objects, error) { return Read(os.Stdin, files...) }

// Read is Load with another standard input.
func Read(stdin io.Reader, files ...string) (*Objects, error) {
	l := loader{
		seen:    map[string]Object{},
		pods:    map[plan.Ref]bool{},
		skipped: map[string]int{},
		objects: &Objects{known: map[string]map[plan.Ref]plan.Definition{plan.KindNAD: {}, plan.KindNetwork: {}}},
	}
	if len(files) == 0 {
		return l.objects, errors.New("no files to read")
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if file != "-" && err == nil && info.IsDir() {
			l.faults.Add(l.directory(file))
			continue
		}
		data, err := content(stdin, file)
		if file == "-" {
			file = "standard input"
		}
		if err != nil {
			l.faults.Add(fault.Fault{Place: file, Err: regular.Reason(err)})
			continue
		}
		l.text(file, data)
	}
	l.countSkipped()
	return l.objects, l.faults.Err()
}

// loader gathers the objects and faults of several files.
type loader struct {
	objects *Objects
	seen    map[string]Object // by kind, namespace and name
	pods    map[plan.Ref]bool // the names that pods have already
	skipped map[string]int    // the kinds of other objects
	files   int
	found   bool // the file was found in a directory: it may be something else
	faults  fault.List
}

// note tells what was left out.
func (l *loader) note(place, text string) {
	l.objects.Warnings = append(l.objects.Warnings, place+": left out: "+text)
}

func (l *loader) countSkipped() {
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(l.skipped)) {
		kinds = append(kinds, fmt.Sprintf("%s (%d)", kind, l.skipped[kind]))
	}
	if len(kinds) > 0 {
		l.objects.Warnings = append(l.objects.Warnings, "left out, being no pods and no networks: "+strings.Join(kinds, ", "))
	}
}

// directory reads the files of a directory and of those within, but not the hidden
// ones and not the templates of a chart.
func (l *loader) directory(root string) error {
	before := l.files
	l.found = true
	defer func() { l.found = false }()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		hidden := err == nil && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return fault.Fault{Place: path, Err: regular.Reason(err)}
		case entry.IsDir() && hidden && path != root:
			return filepath.SkipDir
		case entry.IsDir() && entry.Name() == "templates" && regular.Exists(filepath.Join(filepath.Dir(path), "Chart.yaml")):
			l.note(path, "templates of a chart; give what `helm template` prints")
			return filepath.SkipDir
		case entry.IsDir() || hidden || !slices.Contains([]string{".yaml", ".yml", ".json", ".conf", ".conflist"}, filepath.Ext(path)):
			return nil
		case l.files == maxFiles:
			return fmt.Errorf("more than %d files; the rest is not read", maxFiles)
		}
		l.files++
		if data, err := regular.Read(path, maxFile); err != nil {
			l.note(path, regular.Reason(err).Error())
		} else {
			l.text(path, data)
		}
		return nil
	})
	if err == nil && l.files == before {
		err = errors.New("no *.yaml, *.yml, *.json, *.conf or *.conflist file in the directory")
	}
	return fault.At(root, err)
}

// text reads the documents of a file.
func (l *loader) text(name string, data []byte) {
	docs, faults := documents(name, data)
	if len(docs)+len(faults) == 0 && l.found {
		l.note(name, "nothing in it")
		return
	}
	if len(docs)+len(faults) == 0 {
		faults = []fault.Fault{{Place: name, What: "nothing in it", Cure: "see whether what should have written it failed"}}
	}
	l.refuse(name, data, faults)
	for _, d := range docs {
		l.any(d.root)
		l.refuse(name, d.text, d.faults)
	}
}

// refuse takes up what is wrong with a text, unless it is a template, or of a file
// that was found in a directory and has nothing to do with pods and networks.
func (l *loader) refuse(file string, text []byte, faults []fault.Fault) {
	ours := regexp.MustCompile(`cncf\.io|kubernetes\.com/v1|"?type"?: *"?multus`)
	switch {
	case len(faults) == 0:
	case regexp.MustCompile(chartAction).Match(text):
		l.note(file, "a template; give what it is rendered to")
	case l.found && !ours.Match(text):
		first := faults[0]
		first.Place = ""
		l.note(file, first.Error())
	default:
		for _, f := range faults {
			l.faults.Add(f)
		}
	}
}

// chartAction is how a template of a chart, and of much else, looks.
const chartAction = `\{\{-? *[.$a-z]`

// template tells a value that is rendered, or has its variables replaced, before it
// is applied.
func template(text string) bool {
	return regexp.MustCompile(chartAction + `|\$\{[A-Za-z_]+[A-Za-z0-9_:=-]*\}`).MatchString(text)
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
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return data, err
}
