package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// configure writes the configuration, and then removes what it takes the place of.
func (n Node) configure(r *Report) error {
	content, missing := n.content(r)
	if content == nil {
		return missing
	}
	file, err := n.confFile()
	if err != nil {
		return err
	}
	path := filepath.Join(n.ConfDir, file)
	wrote, err := place(path, content, 0o600)
	if err != nil {
		return err
	}
	n.wrote(r, wrote, path)
	r.Configuration, r.content = path, content
	if err := n.removeOlder(r, file); err != nil {
		return err
	}
	return missing
}

// content is what the configuration is to say. Beside ErrNoDefaultNetwork there is one
// only where it is written early.
func (n Node) content(r *Report) ([]byte, error) {
	if n.Template != "" {
		return n.template()
	}
	primary, passed, missing := n.defaultNetwork()
	r.Passed = passed
	if missing != nil && !(n.Early && errors.Is(missing, ErrNoDefaultNetwork)) {
		return nil, missing
	}
	r.DefaultNetwork = primary.File
	conf, warnings, err := n.Render(primary)
	r.Passed = append(r.Passed, warnings...)
	if err != nil {
		return nil, err
	}
	return conf, missing
}

// template is the configuration that is installed as it is, if it is one.
func (n Node) template() ([]byte, error) {
	data, err := os.ReadFile(n.Template)
	if err != nil {
		return nil, fault.About("multus-conf-file", err)
	}
	list, _, err := netconf.Parse(data, "")
	if err == nil && !n.runsMultus(list) {
		err = errors.New("it does not run multus")
	}
	if err == nil {
		err = n.checkTemplate(list)
	}
	if err != nil {
		return nil, fmt.Errorf("multus-conf-file: %s: %w", n.Template, err)
	}
	return data, nil
}

// checkTemplate has the plugin's own reader look at it, in the form in which runtimes
// hand it over.
func (n Node) checkTemplate(list netconf.List) error {
	head := rawjson.New(
		rawjson.Member{Key: "cniVersion", Value: rawjson.Quote(list.CNIVersion())},
		rawjson.Member{Key: "name", Value: rawjson.Quote(list.Name())},
	)
	plugin, err := rawjson.Nested(list.Plugins()[0].JSON())
	if err != nil {
		return err
	}
	_, err = config.Parse(head.Merge(plugin).JSON())
	return err
}

// ownNames are what the configuration is called unless it is asked for: the first
// that comes before all others.
func ownNames() []string {
	return []string{"00-multus.conflist", "00-00-multus.conflist", "0-0-multus.conflist"}
}

// confFile is the configuration's file name. It has to be the first: runtimes take
// that one, and no other.
func (n Node) confFile() (string, error) {
	names := ownNames()
	if n.ConfFile != "" {
		names = []string{n.ConfFile}
	}
	first, err := n.firstOther()
	if err != nil {
		return "", err
	}
	for _, file := range names {
		if first == "" || file < first {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s comes before %s, so that runtimes would take it instead; rename it, or give --multus-conf-file another name",
		filepath.Join(n.ConfDir, first), names[len(names)-1])
}

// firstOther is the first file that runtimes would take and that is not multus's.
func (n Node) firstOther() (string, error) {
	files, err := netconf.RuntimeFiles(n.ConfDir)
	for _, file := range files {
		if !n.isOurs(file) {
			return file, err
		}
	}
	return "", err
}

// isOurs tells whether a file is to make room for the configuration: one of ours, by
// its name, or one that runs multus.
func (n Node) isOurs(file string) bool {
	if file == n.ConfFile || slices.Contains(ownNames(), file) {
		return true
	}
	found, err := netconf.File(filepath.Join(n.ConfDir, file))
	return err == nil && n.runsMultus(found.List)
}

// removeOlder removes configurations of older versions: one with another suffix
// would come before ours.
func (n Node) removeOlder(r *Report, own string) error {
	files, err := netconf.RuntimeFiles(n.ConfDir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if file == own || !n.isOurs(file) {
			continue
		}
		path := filepath.Join(n.ConfDir, file)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.Removed = append(r.Removed, path)
		n.Log.WithField("file", path).Warn("removed a configuration of another multus; this one has taken its place")
	}
	return nil
}
