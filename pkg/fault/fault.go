// Package fault says what is wrong with something from outside: a configuration,
// an annotation, a file, an answer. A Fault names the subject, the key in it, what
// is wrong and what to do; a List collects several, bounded, so that nobody has to
// mend them one attempt at a time and no text from outside can flood an answer.
package fault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Fault is one thing that is wrong.
type Fault struct {
	Place   string // file:line:column, where it is known
	Subject string // annotation x, element 2 (default/a); network default/a
	Key     string // the key within the subject: ips, plugins[1].type
	What    string // what is wrong
	Cure    string // what to do about it
	Err     error  // what it wraps, for errors.Is and errors.As; told where What is empty
}

// Error is "place: subject: key: what; cure", without the parts that are empty.
func (f Fault) Error() string {
	text := f.What
	if text == "" && f.Err != nil {
		text = f.Err.Error()
	}
	if f.Cure != "" {
		text += "; " + f.Cure
	}
	return chain(f.Place, chain(f.Subject, chain(f.Key, text)))
}

// Unwrap is the error that the fault wraps.
func (f Fault) Unwrap() error { return f.Err }

// chain is "first: rest".
func chain(first, rest string) string {
	if first == "" || rest == "" {
		return first + rest
	}
	return first + ": " + rest
}

// All are the faults of an error, in order; an error that is no fault counts as one.
func All(err error) []Fault {
	l := listOf(err)
	if l.more > 0 {
		return append(slices.Clone(l.kept), Fault{What: fmt.Sprintf("%d more faults", l.more)})
	}
	return l.kept
}

// listOf is an error as a list of its faults.
func listOf(err error) (l List) {
	switch e := err.(type) {
	case nil:
		return l
	case List:
		return e
	case Fault:
		return List{kept: []Fault{e}}
	case interface{ Unwrap() []error }:
		// A text that wraps two errors is one fault, unlike what errors.Join made.
		if parts := e.Unwrap(); errors.Join(parts...).Error() == err.Error() {
			for _, part := range parts {
				l.Add(part)
			}
			return l
		}
	}
	return List{kept: []Fault{{Err: err}}}
}

// About puts a subject before every fault of an error; nil stays nil.
func About(subject string, err error) error {
	return each(err, func(f Fault) Fault {
		f.Subject = chain(subject, f.Subject)
		return f
	})
}

// Under puts a key before every fault of an error; nil stays nil.
func Under(key string, err error) error {
	return each(err, func(f Fault) Fault {
		f.Key = chain(key, f.Key)
		return f
	})
}

// At gives a place to every fault of an error that has none; nil stays nil.
func At(place string, err error) error {
	return each(err, func(f Fault) Fault {
		f.Place = cmp.Or(f.Place, place)
		return f
	})
}

func each(err error, change func(Fault) Fault) error {
	l := listOf(err)
	changed := List{more: l.more}
	for _, f := range l.kept {
		changed.kept = append(changed.kept, change(f))
	}
	return changed.Err()
}
