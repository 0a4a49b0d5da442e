package rawjson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/multus-cni/multus/pkg/fault"
)

// Setter reads a value to where it belongs. Beside an error is there what could be
// read all the same.
type Setter func(value json.RawMessage) error

// Unexpected is the error for a value of the wrong kind.
func Unexpected(wanted string, value json.RawMessage) error {
	return fmt.Errorf("%s is expected, found %s", wanted, Kind(value))
}

// Shown is a value as messages show it: what no terminal should obey is replaced.
func Shown(value json.RawMessage) string {
	visible := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}
	return strings.Map(visible, fault.Clip(string(value), 80))
}

// String reads a text that is right; nil: any is.
func String(into *string, right func(text string) error) Setter {
	return func(value json.RawMessage) error {
		s, isText := Text(value)
		if !isText {
			return Unexpected("a string", value)
		}
		if right != nil {
			if err := right(s); err != nil {
				return err
			}
		}
		*into = s
		return nil
	}
}

// Optional takes an empty text for none.
func Optional(set Setter) Setter {
	return func(value json.RawMessage) error {
		if text, isText := Text(value); isText && text == "" {
			return nil
		}
		return set(value)
	}
}

// Choice reads one of a few words, in any case.
func Choice(into *string, words ...string) Setter {
	return String(new(string), func(s string) error {
		for _, word := range words {
			if strings.EqualFold(word, s) {
				*into = word
				return nil
			}
		}
		return fmt.Errorf("%s: one of %s is expected", fault.Quote(s), strings.Join(words, ", "))
	})
}

// Bool reads true or false.
func Bool(into *bool) Setter {
	return func(value json.RawMessage) error {
		if kind := Kind(value); kind != "true or false" {
			return Unexpected("true or false", value)
		}
		*into = value[0] == 't'
		return nil
	}
}

// Whole reads a whole number of this range, exactly: no floating point on the way.
func Whole[T int | uint16 | uint64](into *T, least, most T) Setter {
	return func(value json.RawMessage) error {
		n, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil || n < uint64(least) || n > uint64(most) {
			return fmt.Errorf("%s: a whole number from %d to %d is expected", Shown(value), least, most)
		}
		*into = T(n)
		return nil
	}
}

// List reads a list, each element of it as read does.
func List[T any](into *[]T, read func(into *T) Setter) Setter {
	return func(value json.RawMessage) error {
		elements, err := Elements(value)
		if err != nil {
			return err
		}
		all := make([]T, len(elements))
		var faults fault.List
		for i, e := range elements {
			faults.Add(fault.Under(fmt.Sprintf("element %d", i+1), read(&all[i])(e)))
		}
		*into = all
		return faults.Err()
	}
}

// Strings reads a list of texts that are right.
func Strings(into *[]string, right func(text string) error) Setter {
	return List(into, func(s *string) Setter { return String(s, right) })
}

// Members reads an object whose keys are taken as they are, each value as read does.
func Members[T any](into *map[string]T, read func(into *T) Setter) Setter {
	return func(value json.RawMessage) error {
		o, err := Nested(value)
		if err != nil {
			return err
		}
		all := make(map[string]T, o.Len())
		for _, m := range o.members {
			var one T
			if err := read(&one)(m.Value); err != nil {
				return fault.Under(fault.Key(m.Key), err)
			}
			all[m.Key] = one
		}
		*into = all
		return nil
	}
}

// Fields reads objects of known keys.
type Fields struct {
	Keys    map[string]Setter
	Unknown func(key string) // what to do about a key that is not among them
	// Lenient matches keys in any case, and takes null for absent.
	Lenient bool
}

// Nested reads an object that is a value of another one. It is a Setter.
func (f Fields) Nested(value json.RawMessage) error {
	o, err := Tolerant(Nested(value))
	if err != nil {
		return err
	}
	return f.Read(o)
}

// Read reads an object. The error holds every fault of it.
func (f Fields) Read(o Object) error {
	var faults fault.List
	spelt := make(map[string]string)
	for _, m := range o.members {
		key, set := f.find(m.Key)
		other, again := spelt[key]
		spelt[key] = m.Key
		var err error
		switch {
		case again && other != m.Key:
			err = fmt.Errorf("is given as %s and as %s; keep one", fault.Quote(other), fault.Quote(m.Key))
		case again:
			err = ErrTwice
		case set == nil:
			f.Unknown(m.Key)
		case !f.Lenient || string(m.Value) != "null":
			err = set(m.Value)
		}
		faults.Add(fault.Under(fault.Key(key), err))
	}
	return faults.Err()
}

// find finds a key; one that is unknown stands for itself.
func (f Fields) find(key string) (string, Setter) {
	if set := f.Keys[key]; set != nil || !f.Lenient {
		return key, set
	}
	for known, set := range f.Keys {
		if strings.EqualFold(known, key) {
			return known, set
		}
	}
	return key, nil
}
