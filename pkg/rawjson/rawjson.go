// Package rawjson reads and changes JSON objects as they were written. It is the
// only place that cuts JSON.
//
// As they were written means that the order of keys, numbers of any size and all
// text survive. Two things are normalised, neither of which a JSON parser can see:
// white space between tokens goes, and strings have their shortest form, so that
// "<" stands for itself. That is what lets an Object pass through any encoder and
// come back identical to the byte.
//
// Keys are exact. Most plugins are written in Go and read their input with
// encoding/json, which folds the case of keys and takes the last of several, so that
// With replaces every spelling of a key, Variant finds another spelling, and a key
// that is given twice is refused where an Object is parsed.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/multus-cni/multus/pkg/fault"
)

// MaxDepth is how deep JSON may be nested. It stays far below what encoding/json
// refuses (10000), so that what was read once can be read again within a record.
const MaxDepth = 1000

// Member is one member of a JSON object.
type Member struct {
	Key   string
	Value json.RawMessage // normalised where it comes from Parse
}

// Object is a JSON object that keeps the order of its members. It is immutable;
// the zero value is {}.
type Object struct{ members []Member }

// New is the object of these members, whose values must be valid JSON.
func New(members ...Member) Object { return Object{members: members} }

// Parse reads text that must be exactly one JSON object. For anything else the
// error says what is wrong, and where: a *SyntaxError, or, for a key that is given
// twice, ErrTwice, beside which the object is returned.
func Parse(data []byte) (Object, error) {
	normal, err := normalise(data, '{')
	if err != nil {
		return Object{}, err
	}
	o := split(normal)
	return o, o.distinct()
}

// Nested is the object that a value of another object is: one that Parse returned.
func Nested(value json.RawMessage) (Object, error) {
	if Kind(value) != "an object" {
		return Object{}, Unexpected("an object", value)
	}
	o := split(value)
	return o, o.distinct()
}

// split cuts an object that is valid.
func split(value []byte) Object {
	d := jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true))
	var o Object
	_, _ = d.ReadToken() // the brace; the text is valid, so that nothing here can fail
	for d.PeekKind() == '"' {
		key, keyErr := d.ReadToken()
		k := key.String()
		v, err := d.ReadValue()
		if keyErr != nil || err != nil {
			break
		}
		o.members = append(o.members, Member{Key: k, Value: json.RawMessage(bytes.Clone(v))})
	}
	return o
}

// ErrTwice says that a key of an object is given twice.
var ErrTwice = errors.New("is given twice; keep one")

// Tolerant lets keys pass that are given twice.
func Tolerant(o Object, err error) (Object, error) {
	if errors.Is(err, ErrTwice) {
		return o, nil
	}
	return o, err
}

func (o Object) distinct() error {
	seen := make(map[string]bool, len(o.members))
	for _, m := range o.members {
		if seen[m.Key] {
			return fault.Under(fault.Key(m.Key), ErrTwice)
		}
		seen[m.Key] = true
	}
	return nil
}

// Members are the members in their order. The slice is a copy.
func (o Object) Members() []Member { return slices.Clone(o.members) }

// Len is the number of members.
func (o Object) Len() int { return len(o.members) }

// Value is the value of the first member of exactly that key.
func (o Object) Value(key string) (json.RawMessage, bool) {
	for _, m := range o.members {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// Text is the text of the member of that key, if it is a string.
func (o Object) Text(key string) (string, bool) {
	value, _ := o.Value(key)
	return Text(value)
}

// Folded is the value of the key as encoding/json finds it: in any case, the last
// one counts.
func (o Object) Folded(key string) (json.RawMessage, bool) {
	for _, m := range slices.Backward(o.members) {
		if strings.EqualFold(m.Key, key) {
			return m.Value, true
		}
	}
	return nil, false
}

// Variant is a key that is spelled like this one but for its case.
func (o Object) Variant(key string) (string, bool) {
	for _, m := range o.members {
		if m.Key != key && strings.EqualFold(m.Key, key) {
			return m.Key, true
		}
	}
	return "", false
}

// With sets the key, in its place where it is set already, else at the end. Every
// other spelling of it goes: a plugin might read that one.
func (o Object) With(key string, value json.RawMessage) Object {
	out := make([]Member, 0, len(o.members)+1)
	done := false
	for _, m := range o.members {
		switch {
		case !strings.EqualFold(m.Key, key):
			out = append(out, m)
		case m.Key == key && !done:
			out, done = append(out, Member{Key: key, Value: value}), true
		}
	}
	if !done {
		out = append(out, Member{Key: key, Value: value})
	}
	return Object{members: out}
}

// Merge sets the members of another object, each in its place where its exact key
// is set already, else at the end.
func (o Object) Merge(other Object) Object {
	out := o.Members()
	at := make(map[string]int, len(out))
	for i, m := range out {
		at[m.Key] = i
	}
	for _, m := range other.members {
		if i, set := at[m.Key]; set {
			out[i] = m
		} else {
			out = append(out, m)
		}
	}
	return Object{members: out}
}

// Without drops the members whose key is said to go.
func (o Object) Without(goes func(key string) bool) Object {
	return Object{members: slices.DeleteFunc(o.Members(), func(m Member) bool { return goes(m.Key) })}
}

// JSON writes the object without white space.
func (o Object) JSON() json.RawMessage {
	out := []byte{'{'}
	for i, m := range o.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, Quote(m.Key)...)
		out = append(out, ':')
		out = append(out, m.Value...)
	}
	return append(out, '}')
}
