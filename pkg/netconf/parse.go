package netconf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Errors that callers branch on.
var (
	// ErrNotFound says that no network of the wanted name is on disk.
	ErrNotFound = errors.New("no such network on disk")
	// ErrNoPlugins says that a list has no plugin at all.
	ErrNoPlugins = errors.New("no plugins in the network configuration")
)

// Parse reads a network configuration: a list, or a lone plugin, which becomes
// a list of one. fallbackName is the name where the configuration has none or
// an empty one. warnings name reserved keys that were dropped.
//
// An error holds every fault of the configuration; they are joined.
func Parse(data []byte, fallbackName string) (list List, warnings []string, err error) {
	d, err := readDraft(data, fallbackName)
	if err != nil {
		return List{}, nil, err
	}
	if err := d.complete(); err != nil {
		return List{}, nil, err
	}
	return d.list, d.warnings, nil
}

// ValidName tells whether a network may be called so: the names of networks become
// parts of file names (CNI specification, section 1).
func ValidName(name string) bool {
	for i, c := range []byte(name) {
		alphanumeric := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alphanumeric && (i == 0 || strings.IndexByte("_.-", c) < 0) {
			return false
		}
	}
	return name != ""
}

// draft is a configuration as far as its own text goes; a file may find more
// plugins elsewhere.
type draft struct {
	list       List
	isList     bool // as opposed to a lone plugin
	inline     bool // the plugins key is there
	inlineOnly bool
	warnings   notes
}

func readDraft(data []byte, fallbackName string) (draft, error) {
	members, err := Members(data)
	if err != nil {
		return draft{}, err
	}
	return draftOf(members, fallbackName)
}

// draftOf reads a configuration from its members.
func draftOf(o object, fallbackName string) (draft, error) {
	var d draft
	if key, misspelt := o.variant("plugins"); misspelt {
		return draft{}, fmt.Errorf(`key %s: it is written "plugins"`, brief(key))
	}
	_, d.inline = o.value("plugins")
	_, hasType := o.value("type")
	_, hasVariant := o.variant("type")
	d.isList = d.inline || !hasType && !hasVariant

	var f faults
	d.list.name = readName(o, fallbackName, &f)
	d.list.cniVersion = readVersion(o, &f)
	if d.isList {
		d.readList(o, &f)
	} else {
		p := readPlugin(o, "", reporter{faults: &f, warnings: &d.warnings})
		d.list.plugins = []Plugin{p}
	}
	return d, f.err()
}

// complete tells what is missing from a configuration that nothing more is added to.
func (d draft) complete() error {
	switch {
	case len(d.list.plugins) > 0:
		return nil
	case d.inline:
		return fmt.Errorf(`key "plugins" is empty: %w`, ErrNoPlugins)
	case d.inlineOnly:
		return fmt.Errorf(`key "plugins" is missing though "loadOnlyInlinedPlugins" is true: %w`, ErrNoPlugins)
	}
	return fmt.Errorf(`neither key "plugins" (a list) nor key "type" (a plugin) is there: %w`, ErrNoPlugins)
}

// readList reads what lists alone have.
func (d *draft) readList(o object, f *faults) {
	d.list.disableCheck = readFlag(o, "disableCheck", f)
	d.list.disableGC = readFlag(o, "disableGC", f)
	d.inlineOnly = readFlag(o, "loadOnlyInlinedPlugins", f)
	for _, m := range o {
		if reserved(m.Key) {
			d.warnings.add("reserved key %s dropped", brief(m.Key))
		}
	}
	for _, key := range []string{"cniVersion", "cniVersions", "name", "disableCheck", "disableGC", "loadOnlyInlinedPlugins"} {
		if other, misspelt := o.variant(key); misspelt {
			d.warnings.add("key %s ignored: it is written %q", brief(other), key)
		}
	}
	if d.inline {
		d.readPlugins(o, f)
	}
}

func (d *draft) readPlugins(o object, f *faults) {
	value, _ := o.value("plugins")
	if value[0] != '[' {
		f.add(`key "plugins": a list of plugins is expected, found %s`, Kind(value))
		return
	}
	all := elements(value)
	if len(all) > maxPlugins {
		f.add(`key "plugins": %d plugins, at most %d are run`, len(all), maxPlugins)
		return
	}
	for i, e := range all {
		r := reporter{where: fmt.Sprintf("plugins[%d]", i), faults: f, warnings: &d.warnings}
		if e[0] != '{' {
			r.fault("an object is expected, found %s", Kind(e))
			continue
		}
		plugin := split(e)
		if err := plugin.distinct(); err != nil {
			r.fault("%w", err)
			continue
		}
		d.list.plugins = append(d.list.plugins, readPlugin(plugin, r.where, r))
	}
}

func readName(o object, fallback string, f *faults) string {
	name := fallback
	if value, given := o.value("name"); given {
		s, isText := text(value)
		if !isText {
			f.add(`key "name": a string is expected, found %s`, Kind(value))
			return ""
		}
		if s != "" {
			name = s
		}
	}
	switch {
	case name == "":
		f.add(`key "name" is missing`)
	case !ValidName(name):
		f.add(`key "name": %s: letters, digits, "_", "." and "-" are allowed, a letter or digit first`, brief(name))
	}
	return name
}

// readVersion is the highest supported version of cniVersion and cniVersions. It
// is never "": plugins would answer that in the oldest format of results.
func readVersion(o object, f *faults) string {
	given, ok := readVersions(o, f)
	if !ok {
		return ""
	}
	if len(given) == 0 {
		return DefaultVersion
	}
	best := highest(given)
	if best == "" {
		f.add(`key "cniVersion": %s: the supported versions are %s`,
			briefAll(given), strings.Join(SupportedVersions(), ", "))
	}
	return best
}

func readVersions(o object, f *faults) (given []string, ok bool) {
	ok = true
	if value, has := o.value("cniVersion"); has {
		s, isText := text(value)
		if !isText {
			f.add(`key "cniVersion": a string is expected, found %s`, Kind(value))
			ok = false
		}
		if s != "" {
			given = append(given, s)
		}
	}
	value, has := o.value("cniVersions")
	if !has {
		return given, ok
	}
	var more []*string
	if err := json.Unmarshal(value, &more); err != nil || value[0] != '[' {
		f.add(`key "cniVersions": a list of strings is expected`)
		return nil, false
	}
	for i, v := range more {
		if v == nil {
			f.add(`key "cniVersions": a string is expected, element %d is null`, i)
			return nil, false
		}
		given = append(given, *v)
	}
	return given, ok
}

// readFlag reads a boolean, or the string that stood for it in CNI 0.4.0.
func readFlag(o object, key string, f *faults) bool {
	value, given := o.value(key)
	if !given {
		return false
	}
	s, isText := text(value)
	if !isText {
		s = string(value)
	}
	if yes := strings.EqualFold(s, "true"); yes || strings.EqualFold(s, "false") {
		return yes
	}
	f.add("key %q: true or false is expected, found %s", key, brief(string(value)))
	return false
}
