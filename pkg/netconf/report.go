package netconf

import (
	"errors"
	"fmt"
	"strings"
)

// mostReported is how many faults and how many warnings of one configuration are
// told: text from outside must not flood a log or an answer.
const mostReported = 10

// faults gathers what is wrong, so that all of it can be told at once.
type faults struct {
	told  []error
	count int
}

func (f *faults) add(format string, args ...any) {
	f.count++
	if len(f.told) < mostReported {
		f.told = append(f.told, fmt.Errorf(format, args...))
	}
}

// err is nil where there were no faults.
func (f *faults) err() error {
	if more := f.count - len(f.told); more > 0 {
		return errors.Join(append(f.told, fmt.Errorf("and %d more faults", more))...)
	}
	return errors.Join(f.told...)
}

// notes gathers warnings.
type notes []string

func (n *notes) add(format string, args ...any) {
	switch {
	case len(*n) < mostReported:
		*n = append(*n, fmt.Sprintf(format, args...))
	case len(*n) == mostReported:
		*n = append(*n, "further warnings left out")
	}
}

// reporter tells faults and warnings of one part of a configuration.
type reporter struct {
	where    string // plugins[1], "" for the whole
	faults   *faults
	warnings *notes
}

func (r reporter) fault(format string, args ...any) {
	r.faults.add(r.prefix()+format, args...)
}

func (r reporter) warn(format string, args ...any) {
	r.warnings.add(r.prefix()+format, args...)
}

// prefix may not hold a verb: where is made of text from outside at times.
func (r reporter) prefix() string {
	if r.where == "" {
		return ""
	}
	return strings.ReplaceAll(r.where, "%", "%%") + ": "
}

// briefAll quotes a few texts from outside for a message.
func briefAll(texts []string) string {
	var out []string
	for i, s := range texts {
		if i == mostReported {
			return strings.Join(out, ", ") + ", …"
		}
		out = append(out, brief(s))
	}
	return strings.Join(out, ", ")
}
