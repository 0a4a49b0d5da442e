package node

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/regular"
)

// configure writes the configuration, and then removes what it takes the place of.
func (n Node) configure(r *Report) error {
	content, missing := n.content(r)
	if content == nil {
		return missing
	}
	files, err := netconf.RuntimeFiles(n.ConfDir)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(files), n.isOurs)
	own, err := n.before(others)
	if err != nil {
		return err
	}
	r.Configuration, r.content = filepath.Join(n.ConfDir, own), content
	if err := n.place(r, r.Configuration, bytes.NewReader(content), 0o600); err != nil {
		return err
	}
	for _, file := range files {
		if file == own || slices.Contains(others, file) {
			continue
		}
		path := filepath.Join(n.ConfDir, file)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		n.Log.WithField("file", path).Warn("removed a configuration of another multus; this one has taken its place")
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
	return conf, cmp.Or(err, missing)
}

// template is the configuration that is installed as it is, if it is one.
func (n Node) template() ([]byte, error) {
	data, err := os.ReadFile(n.Template)
	if err == nil {
		_, err = n.parse(data)
	}
	if err != nil {
		return nil, fmt.Errorf("multus-conf-file: %s: %w", n.Template, regular.Reason(err))
	}
	return data, nil
}

// parse has the plugin's own reader look at a configuration, in the form in which
// runtimes hand it over.
func (o Options) parse(conf []byte) (config.Config, error) {
	list, _, err := netconf.Parse(conf, "")
	if err != nil {
		return config.Config{}, err
	}
	if !o.runsMultus(list) {
		return config.Config{}, errors.New("it does not run multus")
	}
	plugin, _ := rawjson.Nested(list.Plugins()[0].JSON()) // was parsed before
	head := rawjson.Object{}.With("cniVersion", rawjson.Quote(list.CNIVersion())).With("name", rawjson.Quote(list.Name()))
	return config.Parse(head.Merge(plugin).JSON())
}

// names are what the configuration may be called: it is the first that comes before all
// others.
func (o Options) names() []string {
	if o.ConfFile != "" {
		return []string{o.ConfFile}
	}
	return ownNames()
}

func ownNames() []string {
	return []string{"00-multus.conflist", "00-00-multus.conflist", "0-0-multus.conflist"}
}

// isNamed tells whether a file has a name of ours.
func (o Options) isNamed(file string) bool {
	return file == o.ConfFile || slices.Contains(ownNames(), file)
}

// before is the file name with which the configuration comes before others: runtimes
// take the first file, and no other.
func (o Options) before(others []string) (string, error) {
	names := o.names()
	for _, file := range names {
		if len(others) == 0 || file < others[0] {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s comes before %s, so that runtimes would take it instead; rename it, or give --multus-conf-file another name",
		filepath.Join(o.ConfDir, others[0]), names[len(names)-1])
}

// isOurs tells whether a file is to make room for the configuration: one of ours, by
// its name, or one that runs multus.
func (o Options) isOurs(file string) bool {
	if o.isNamed(file) {
		return true
	}
	found, err := netconf.File(filepath.Join(o.ConfDir, file))
	return err == nil && o.runsMultus(found.List)
}
