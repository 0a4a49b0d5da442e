package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/netconf"
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

// Self is the name of Multus's own binary, its type in a configuration.
const Self = "multus"

// mostReported is how many faults and how many warnings are told.
const mostReported = 20

// Parse reads and validates a configuration. Faults are joined, each names its key.
// Beside an error the Config holds what could be read all the same, its CNIVersion
// and Name before all, for the answer.
//
// The keys of Multus are matched in any case, for configurations of older versions
// were; delegates and other values are left as they are.
func Parse(data []byte) (Config, error) {
	r := reader{conf: Default(), wrong: make(map[string]bool)}
	members, err := netconf.Members(data)
	if members == nil && err != nil {
		return r.conf, fmt.Errorf("%w: %w", ErrNotConfiguration, err)
	}
	if err := r.version(members); err != nil {
		return r.conf, err
	}
	r.object("", r.keys(), members)
	r.finish()
	return r.conf, r.err()
}

// reader is one configuration in the making.
type reader struct {
	conf         Config
	newer, older raw // one value may be under two keys
	level        string
	olderLevel   string
	format       string
	delegates    raw
	faults       []error
	faultCount   int
	wrong        map[string]bool // keys with faults
}

// raw is a value that is looked into when all others are known.
type raw = json.RawMessage

// version reads cniVersion before all else: what other versions mean by the other
// keys is not known.
func (r *reader) version(members []netconf.Member) error {
	for _, m := range members {
		if strings.EqualFold(m.Key, "name") {
			_ = text(&r.conf.Name, nil)(m.Value) // judged in its turn
		}
	}
	for _, m := range members {
		if !strings.EqualFold(m.Key, "cniVersion") {
			continue
		}
		if m.Value[0] != '"' {
			return fmt.Errorf(`%w: key "cniVersion": a string is expected, found %s`, ErrNotConfiguration, netconf.Kind(m.Value))
		}
		if err := text(&r.conf.CNIVersion, nil)(m.Value); err != nil {
			return err
		}
		if !netconf.Supports(r.conf.CNIVersion) {
			return fmt.Errorf(`%w: key "cniVersion": %s; the supported versions are %s`,
				ErrIncompatibleVersion, brief(r.conf.CNIVersion), strings.Join(netconf.SupportedVersions(), ", "))
		}
	}
	return nil
}

// object reads the members of an object by the table of its keys. within names the
// object, "" for the whole.
func (r *reader) object(within string, table map[string]setter, members []netconf.Member) {
	spelt := make(map[string]string)
	for _, m := range members {
		key, set := find(table, m.Key)
		if other, again := spelt[key]; again {
			r.twice(within, other, m.Key)
			continue
		}
		spelt[key] = m.Key
		if set == nil {
			r.warn("key %s is unknown and ignored", brief(within+m.Key))
			continue
		}
		if m.Value[0] == 'n' && key != validKey { // null is as good as absent
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

func (r *reader) twice(within, one, other string) {
	if one == other {
		r.fault(within+one, errors.New("given twice; keep one of them"))
		return
	}
	r.fault(within+one, fmt.Errorf("given as %s too; keep one of them", brief(other)))
}

// fault notes what is wrong with a key. Several faults in one stay several.
func (r *reader) fault(key string, err error) {
	if many, several := err.(interface{ Unwrap() []error }); several {
		for _, one := range many.Unwrap() {
			r.fault(key, one)
		}
		return
	}
	r.wrong[key] = true
	r.faultCount++
	if len(r.faults) < mostReported {
		r.faults = append(r.faults, fmt.Errorf("key %s: %w", brief(key), err))
	}
}

func (r *reader) err() error {
	if more := r.faultCount - len(r.faults); more > 0 {
		return errors.Join(append(r.faults, fmt.Errorf("and %d more faults", more))...)
	}
	return errors.Join(r.faults...)
}

func (r *reader) warn(format string, args ...any) {
	switch n := len(r.conf.Warnings); {
	case n < mostReported:
		r.conf.Warnings = append(r.conf.Warnings, fmt.Sprintf(format, args...))
	case n == mostReported:
		r.conf.Warnings = append(r.conf.Warnings, "further warnings left out")
	}
}

// brief quotes text from outside for a message, cut where it is long.
func brief(s string) string {
	const most = 128
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
}
