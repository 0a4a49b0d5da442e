// Package fault says what is wrong with something from outside: a configuration,
// an annotation, a file, an answer. A Fault names the subject, the key in it, what
// is wrong and what to do; a List collects several, bounded, so that nobody has to
// mend them one attempt at a time and no text from outside can flood an answer.
package fault

import (
	"errors"
	"fmt"
	"strings"
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
	all, more := split(err)
	if more > 0 {
		all = append(all, Fault{What: fmt.Sprintf("%d more faults", more)})
	}
	return all
}

// split is All, with how many faults a List counted and did not keep.
func split(err error) (all []Fault, more int) {
	var parts []error
	switch e := err.(type) {
	case nil:
		return nil, 0
	case Fault:
		return []Fault{e}, 0
	case List:
		parts, more = e.kept, e.more
	case interface{ Unwrap() []error }:
		// A text that wraps two errors is one fault, unlike what errors.Join made.
		if parts = e.Unwrap(); errors.Join(parts...).Error() != err.Error() {
			return []Fault{{Err: err}}, 0
		}
	default:
		return []Fault{{Err: err}}, 0
	}
	for _, one := range parts {
		faults, left := split(one)
		all, more = append(all, faults...), more+left
	}
	return all, more
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
		if f.Place == "" {
			f.Place = place
		}
		return f
	})
}

func each(err error, change func(Fault) Fault) error {
	var list List
	all, more := split(err)
	for _, f := range all {
		list.Add(change(f))
	}
	list.more += more
	return list.Err()
}

// Join is the text of several short errors within one key, "a, b"; nil for none.
func Join(errs ...error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(Clip(strings.Join(texts, ", "), maxFault))
}
