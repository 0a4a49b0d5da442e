package plan

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxErrorText is the most that an error of this package says, in bytes: the
// text ends up in an event of the pod, and who wrote the annotation decides how
// much there is to say.
const MaxErrorText = 4 << 10

const (
	maxFaultText  = 1 << 10 // of one fault among several
	maxQuotedText = 80      // of a value from outside
	maxWarnings   = 32      // from one annotation
)

// faults are several things that are wrong at once, so that nobody has to repair
// them one pod start at a time.
type faults []error

func (f faults) Error() string {
	if len(f) == 1 {
		return clip(f[0].Error(), MaxErrorText)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d faults:", len(f))
	for i, err := range f {
		next := fmt.Sprintf(" (%d) %s", i+1, clip(err.Error(), maxFaultText))
		left := fmt.Sprintf(" … and %d more", len(f)-i)
		if text.Len()+len(next)+len(left) > MaxErrorText {
			text.WriteString(left)
			break
		}
		text.WriteString(next)
		if i < len(f)-1 {
			text.WriteByte(';')
		}
	}
	return text.String()
}

// Unwrap lets errors.Is and errors.As look at every fault.
func (f faults) Unwrap() []error { return f }

// err is nil where there is no fault.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// add takes up an error; the faults of another collection one by one.
func (f *faults) add(err error) {
	if err == nil {
		return
	}
	if many, several := err.(faults); several {
		*f = append(*f, many...)
		return
	}
	*f = append(*f, err)
}

// addf is add for a fault that is made on the spot.
func (f *faults) addf(format string, args ...any) { f.add(fmt.Errorf(format, args...)) }

// quote shows a value from outside: visible whatever is in it, and short.
func quote(value string) string { return strconv.Quote(clip(value, maxQuotedText)) }

// clip cuts text to at most limit bytes, between runes.
func clip(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return text
	}
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}

// clipWarnings bounds how much one annotation can write into the node's log.
func clipWarnings(warnings []string) []string {
	if len(warnings) <= maxWarnings {
		return warnings
	}
	left := len(warnings) - maxWarnings
	return append(warnings[:maxWarnings:maxWarnings], fmt.Sprintf("%d more warnings left out", left))
}
