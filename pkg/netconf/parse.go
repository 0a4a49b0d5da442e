package netconf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Errors that callers branch on.
var (
	// ErrNotFound says that no network of the wanted name is on disk.
	ErrNotFound = errors.New("no such network on disk")
	// ErrNoPlugins says that a list has no plugin at all.
	ErrNoPlugins = errors.New("no plugins in the network configuration")
)

// Bounds of what is read. A configuration of a few kilobytes is long already; all
// else is a mistake or an attack on the node.
const (
	// MaxSize is how many bytes a configuration may have, all its files together.
	MaxSize = 1 << 20
	// maxPlugins is how many plugins a configuration may have.
	maxPlugins = 100
)

// Parse reads a network configuration: a list, or a lone plugin, which becomes
// a list of one. fallbackName is the name where the configuration has none or
// an empty one. warnings name reserved keys that were dropped.
//
// An error holds every fault of the configuration, each with its key.
func Parse(data []byte, fallbackName string) (list List, warnings []string, err error) {
	o, err := parseObject(data)
	if err != nil {
		return List{}, nil, err
	}
	d, err := draftOf(o, fallbackName)
	if err == nil {
		err = d.complete()
	}
	if err != nil {
		return List{}, nil, err
	}
	return d.list, d.warnings, nil
}

func parseObject(data []byte) (rawjson.Object, error) {
	if len(data) > MaxSize {
		return rawjson.Object{}, fmt.Errorf("%d bytes of configuration: at most %d are read", len(data), MaxSize)
	}
	return rawjson.Parse(data)
}

// draft is a configuration as far as its own text goes; a file may find more
// plugins elsewhere.
type draft struct {
	list       List
	isList     bool // as opposed to a lone plugin
	inline     bool // the plugins key is given
	inlineOnly bool
	faults     fault.List
	warnings   fault.Notes
}

// draftOf reads a configuration from its members.
func draftOf(o rawjson.Object, fallbackName string) (draft, error) {
	var d draft
	if key, misspelt := o.Variant("plugins"); misspelt {
		return d, misspelling(key, "plugins")
	}
	_, d.inline = o.Value("plugins")
	_, hasType := o.Folded("type")
	d.isList = d.inline || !hasType
	d.readName(o, fallbackName)
	d.readVersion(o)
	if d.isList {
		d.readList(o)
	} else {
		d.readPlugin("", o)
	}
	return d, d.faults.Err()
}

// fault notes what is wrong with a key.
func (d *draft) fault(key, format string, args ...any) {
	d.faults.Add(fault.Fault{Key: key, Err: fmt.Errorf(format, args...)})
}

// misspelling is the fault of a key that a plugin might take for another one.
func misspelling(key, right string) error {
	return fault.Fault{Key: fault.Key(key), What: fmt.Sprintf("is written %q, and a plugin might take this one for it", right), Cure: "correct it"}
}

// complete tells what is missing from a configuration that nothing more is added to.
func (d draft) complete() error {
	switch {
	case len(d.list.plugins) > 0:
		return nil
	case d.inline:
		return fmt.Errorf("plugins: is empty: %w", ErrNoPlugins)
	case d.inlineOnly:
		return fmt.Errorf("plugins: is missing though loadOnlyInlinedPlugins is true: %w", ErrNoPlugins)
	}
	return fmt.Errorf(`neither "plugins" (a list) nor "type" (a plugin) is given: %w`, ErrNoPlugins)
}

// readList reads what lists alone have.
func (d *draft) readList(o rawjson.Object) {
	d.list.disableCheck = d.flag(o, "disableCheck")
	d.list.disableGC = d.flag(o, "disableGC")
	d.inlineOnly = d.flag(o, "loadOnlyInlinedPlugins")
	for _, m := range o.Members() {
		if reserved(m.Key) {
			d.warnings.Addf("reserved key %s dropped", fault.Quote(m.Key))
		}
	}
	for _, key := range []string{"cniVersion", "cniVersions", "name", "disableCheck", "disableGC", "loadOnlyInlinedPlugins"} {
		if other, misspelt := o.Variant(key); misspelt {
			d.warnings.Addf("key %s ignored: it is written %q", fault.Quote(other), key)
		}
	}
	if d.inline {
		d.readPlugins(o)
	}
}

func (d *draft) readPlugins(o rawjson.Object) {
	value, _ := o.Value("plugins")
	all, err := rawjson.Elements(value)
	if err == nil && len(all) > maxPlugins {
		err = fmt.Errorf("%d plugins, at most %d are run", len(all), maxPlugins)
	}
	if err != nil {
		d.fault("plugins", "%w", err)
		return
	}
	for i, e := range all {
		where := fmt.Sprintf("plugins[%d]", i)
		plugin, err := rawjson.Nested(e)
		if err != nil {
			d.fault(where, "%w", err)
			continue
		}
		d.readPlugin(where, plugin)
	}
}

func (d *draft) readName(o rawjson.Object, fallback string) {
	d.list.name = fallback
	if value, given := o.Value("name"); given {
		s, isText := rawjson.Text(value)
		if !isText {
			d.fault("name", "a string is expected, found %s", rawjson.Kind(value))
			return
		}
		if s != "" {
			d.list.name = s
		}
	}
	if d.list.name == "" {
		d.fault("name", "is missing")
	} else if err := name.Network(d.list.name); err != nil {
		d.fault("name", "%w", err)
	}
}

// readVersion is the highest supported version of cniVersion and cniVersions. It
// is never "": plugins would answer that in the oldest format of results.
func (d *draft) readVersion(o rawjson.Object) {
	given, ok := d.versions(o)
	if !ok {
		return
	}
	if len(given) == 0 {
		given = []string{DefaultVersion}
	}
	d.list.cniVersion = highest(given)
	if d.list.cniVersion == "" {
		d.fault("cniVersion", "%s: the supported versions are %s", fault.QuoteAll(given), strings.Join(SupportedVersions(), ", "))
	}
}

// versions are those of cniVersion and cniVersions that are not empty.
func (d *draft) versions(o rawjson.Object) (given []string, ok bool) {
	var all []json.RawMessage
	if value, has := o.Value("cniVersions"); has {
		var err error
		if all, err = rawjson.Elements(value); err != nil {
			d.fault("cniVersions", "a list of strings is expected, found %s", rawjson.Kind(value))
			return nil, false
		}
	}
	if value, has := o.Value("cniVersion"); has {
		all = append(all, value)
	}
	for _, value := range all {
		s, isText := rawjson.Text(value)
		if !isText {
			d.fault("cniVersion", "a string is expected, found %s", rawjson.Kind(value))
			return nil, false
		}
		if s != "" {
			given = append(given, s)
		}
	}
	return given, true
}

// flag reads a boolean, or the string that stood for it in CNI 0.4.0.
func (d *draft) flag(o rawjson.Object, key string) bool {
	value, given := o.Value(key)
	if !given {
		return false
	}
	s, isText := rawjson.Text(value)
	if !isText {
		s = string(value)
	}
	if yes := strings.EqualFold(s, "true"); yes || strings.EqualFold(s, "false") {
		return yes
	}
	d.fault(key, "true or false is expected, found %s", fault.Quote(string(value)))
	return false
}
