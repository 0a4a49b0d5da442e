package config

import (
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
	r := reader{conf: Default()}
	if len(data) > MaxSize {
		return r.conf, fmt.Errorf("%w: %d bytes, at most %d are read", ErrNotConfiguration, len(data), MaxSize)
	}
	o, err := rawjson.Tolerant(rawjson.Parse(data))
	if err != nil {
		return r.conf, fmt.Errorf("%w: %w", ErrNotConfiguration, err)
	}
	if err := r.version(o); err != nil {
		return r.conf, err
	}
	r.faults.Add(r.fields("", r.keys()).Read(o))
	r.finish(o)
	r.conf.Warnings = r.warnings
	return r.conf, r.faults.Err()
}

// reader is one configuration in the making.
type reader struct {
	conf       Config
	level      string
	olderLevel string
	format     string
	faults     fault.List
	warnings   fault.Notes
}

// version reads cniVersion before all else, since what other versions mean by the
// other keys is not known, and the name for the answer.
func (r *reader) version(o rawjson.Object) error {
	if value, given := o.Folded("name"); given {
		r.conf.Name, _ = rawjson.Text(value) // judged in its turn
	}
	if value, given := o.Folded("cniVersion"); given {
		if err := rawjson.Optional(rawjson.String(&r.conf.CNIVersion, nil))(value); err != nil {
			return fmt.Errorf("%w: cniVersion: %w", ErrNotConfiguration, err)
		}
	}
	if version := r.conf.CNIVersion; !netconf.Supports(version) {
		return fmt.Errorf("%w: cniVersion: %s; the supported versions are %s",
			ErrIncompatibleVersion, fault.Quote(version), strings.Join(netconf.SupportedVersions(), ", "))
	}
	return nil
}

// fields reads an object by the table of its keys. within is what comes before each
// key in warnings, "" for the whole.
func (r *reader) fields(within string, keys map[string]rawjson.Setter) rawjson.Fields {
	return rawjson.Fields{Keys: keys, Lenient: true, Unknown: func(key string) {
		r.warnings.Addf("key %s is unknown and ignored", fault.Quote(within+key))
	}}
}

// fault notes what is wrong with a key.
func (r *reader) fault(key, format string, args ...any) {
	r.faults.Add(fault.Under(key, fmt.Errorf(format, args...)))
}
