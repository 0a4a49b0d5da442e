package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Errors that callers branch on.
var (
	// ErrNotConfiguration says that the input is no CNI configuration at all, as
	// opposed to one with a wrong value in it: CNI error 6 rather than 7.
	ErrNotConfiguration = errors.New("no CNI network configuration")
	// ErrIncompatibleVersion says that the configuration is of a version of the CNI
	// specification that is not spoken: CNI error 1.
	ErrIncompatibleVersion = errors.New("incompatible CNI version")
)

// MaxSize is how many bytes a configuration may have.
const MaxSize = netconf.MaxSize

// Parse reads and validates a configuration. The error holds every fault, each with
// its key. Beside an error the Config holds what could be read all the same, its
// CNIVersion and Name before all, for the answer.
//
// The keys of Multus are matched in any case, for configurations of older versions
// were; delegates and other values are left as they are.
func Parse(data []byte) (Config, error) {
	r := newReader()
	if len(data) > MaxSize {
		return r.conf, fmt.Errorf("%w: %d bytes, at most %d are read", ErrNotConfiguration, len(data), MaxSize)
	}
	o, err := tolerant(rawjson.Parse(data))
	if err != nil {
		return r.conf, fmt.Errorf("%w: %w", ErrNotConfiguration, err)
	}
	if err := r.version(o); err != nil {
		return r.conf, err
	}
	r.object("", r.keys(), o)
	r.finish()
	r.conf.Warnings = r.warnings
	return r.conf, r.faults.Err()
}

// tolerant leaves keys that are given twice to the reader of the object.
func tolerant(o rawjson.Object, err error) (rawjson.Object, error) {
	var twice *rawjson.DuplicateError
	if errors.As(err, &twice) {
		return o, nil
	}
	return o, err
}

// reader is one configuration in the making.
type reader struct {
	conf         Config
	newer, older raw // one value may be under two keys
	level        string
	olderLevel   string
	format       string
	delegates    raw
	faults       fault.List
	warnings     fault.Notes
	wrong        map[string]bool // keys with faults
}

func newReader() *reader { return &reader{conf: Default(), wrong: make(map[string]bool)} }

// raw is a value that is looked into when all others are known.
type raw = json.RawMessage

// version reads cniVersion before all else: what other versions mean by the other
// keys is not known.
func (r *reader) version(o rawjson.Object) error {
	if value, given := o.Folded("name"); given {
		r.conf.Name, _ = rawjson.Text(value) // judged in its turn
	}
	for _, m := range o.Members() {
		if !strings.EqualFold(m.Key, "cniVersion") {
			continue
		}
		version, isText := rawjson.Text(m.Value)
		if !isText {
			return fmt.Errorf("%w: cniVersion: a string is expected, found %s", ErrNotConfiguration, rawjson.Kind(m.Value))
		}
		if version == "" {
			continue
		}
		r.conf.CNIVersion = version
		if !netconf.Supports(version) {
			return fmt.Errorf("%w: cniVersion: %s; the supported versions are %s",
				ErrIncompatibleVersion, fault.Quote(version), strings.Join(netconf.SupportedVersions(), ", "))
		}
	}
	return nil
}

// object reads a JSON object by the table of its keys. within is what comes before
// each key, "" for the whole.
func (r *reader) object(within string, table map[string]setter, o rawjson.Object) {
	spelt := make(map[string]string)
	for _, m := range o.Members() {
		key, set := find(table, m.Key)
		if other, again := spelt[key]; again {
			r.fault(within+key, twice(other, m.Key))
			continue
		}
		spelt[key] = m.Key
		if set == nil {
			r.warnings.Addf("key %s is unknown and ignored", fault.Quote(within+m.Key))
			continue
		}
		if rawjson.Kind(m.Value) == "null" && key != validKey { // null is as good as absent
			continue
		}
		if err := set(m.Value); err != nil {
			r.fault(within+key, err)
		}
	}
}

// find finds a key in any case; a key that is not in the table stands for itself.
func find(table map[string]setter, key string) (string, setter) {
	if set := table[key]; set != nil {
		return key, set
	}
	for known, set := range table {
		if strings.EqualFold(known, key) {
			return known, set
		}
	}
	return key, nil
}

func twice(one, other string) error {
	if one == other {
		return errors.New("is given twice; keep one")
	}
	return fmt.Errorf("is given as %s and as %s; keep one", fault.Quote(one), fault.Quote(other))
}

// fault notes what is wrong with a key. Several faults in one stay several.
func (r *reader) fault(key string, err error) {
	r.wrong[key] = true
	r.faults.Add(fault.Under(fault.Key(key), err))
}
