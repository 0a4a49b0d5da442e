package netconf

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	if len(data) > MaxSize {
		return List{}, nil, fmt.Errorf("%d bytes of configuration: at most %d are read", len(data), MaxSize)
	}
	o, err := rawjson.Parse(data)
	if err != nil {
		return List{}, nil, err
	}
	d, err := draftOf(o, fallbackName)
	if err == nil {
		err = d.checkFilled()
	}
	if err != nil {
		return List{}, nil, err
	}
	return d.list, d.warnings, nil
}

// draft is a configuration as far as its own text goes; a file may find more
// plugins elsewhere.
type draft struct {
	list       List
	isList     bool // as opposed to a lone plugin
	inlineOnly bool
	faults     fault.List
	warnings   fault.Notes
}

// draftOf reads a configuration from its members.
func draftOf(o rawjson.Object, fallbackName string) (draft, error) {
	d := draft{list: List{name: fallbackName}}
	if key, misspelt := o.Variant("plugins"); misspelt {
		return d, misspelling(key, "plugins")
	}
	_, inline := o.Value("plugins")
	_, hasType := o.Folded("type")
	d.isList = inline || !hasType
	var version string
	var versions []string
	fields := rawjson.Fields{Unknown: func(string) {}, Keys: map[string]rawjson.Setter{
		"cniVersion":  rawjson.String(&version, nil),
		"cniVersions": rawjson.Strings(&versions, nil),
		"name":        rawjson.Optional(rawjson.String(&d.list.name, nil)),
	}}
	if d.isList {
		fields.Keys["disableCheck"] = flag(&d.list.disableCheck)
		fields.Keys["disableGC"] = flag(&d.list.disableGC)
		fields.Keys["loadOnlyInlinedPlugins"] = flag(&d.inlineOnly)
		fields.Unknown = func(key string) { d.ignore(fields.Keys, key) }
	}
	d.faults.Add(fields.Read(o))
	value, given := o.Value("name")
	switch {
	case d.list.name != "":
		d.faults.Add(fault.Under("name", name.Network(d.list.name)))
	case !given || string(value) == `""`:
		d.fault("name", "is missing")
	}
	d.choose(append(versions, version))
	if inline {
		d.readPlugins(o)
	} else if !d.isList {
		d.readPlugin("", o)
	}
	return d, d.faults.Err()
}

// checkFilled refuses a configuration that runs nothing.
func (d *draft) checkFilled() error {
	if len(d.list.plugins) == 0 {
		return fmt.Errorf(`neither "plugins" (a list) nor "type" (a plugin) names one: %w`, ErrNoPlugins)
	}
	return nil
}

// choose takes the highest supported version of those given. It is never "": plugins
// would answer that in the oldest format of results.
func (d *draft) choose(versions []string) {
	versions = slices.DeleteFunc(versions, func(v string) bool { return v == "" })
	if len(versions) == 0 {
		versions = []string{DefaultVersion}
	}
	d.list.cniVersion = highest(versions)
	if d.list.cniVersion == "" {
		d.fault("cniVersion", "%s: the supported versions are %s", fault.QuoteAll(versions), strings.Join(SupportedVersions(), ", "))
	}
}

// ignore warns of a key of a list that is not read and looks as if it were.
func (d *draft) ignore(keys map[string]rawjson.Setter, key string) {
	if reserved(key) {
		d.warnings.Addf("reserved key %s dropped", fault.Quote(key))
	}
	for known := range keys {
		if strings.EqualFold(known, key) {
			d.warnings.Addf("key %s ignored: it is written %q", fault.Quote(key), known)
		}
	}
}

// flag reads a boolean, or the string that stood for it in CNI 0.4.0.
func flag(into *bool) rawjson.Setter {
	return func(value json.RawMessage) error {
		s, isText := rawjson.Text(value)
		if !isText {
			s = string(value)
		}
		*into = strings.EqualFold(s, "true")
		if !*into && !strings.EqualFold(s, "false") {
			return fmt.Errorf("true or false is expected, found %s", rawjson.Shown(value))
		}
		return nil
	}
}

// fault notes what is wrong with a key.
func (d *draft) fault(key, format string, args ...any) {
	d.faults.Add(fault.Fault{Key: key, Err: fmt.Errorf(format, args...)})
}

// misspelling is the fault of a key that a plugin might take for another one.
func misspelling(key, right string) error {
	return fault.Fault{Key: fault.Key(key), What: fmt.Sprintf("is written %q, and a plugin might take this one for it", right), Cure: "correct it"}
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
