package fault

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// MaxText is the most that a List says, in bytes: the text ends up in events
	// and logs, and whoever wrote the input decides how much there is to say.
	MaxText = 4 << 10
	// MaxKept is how many faults a List keeps; those beyond are counted.
	MaxKept = 100

	maxFault = 1 << 10 // bytes of one fault among several
	maxQuote = 80      // bytes of a value from outside
)

// List collects faults. The zero value is an empty one.
type List struct {
	kept []Fault
	more int // faults that were not kept
}

// Add takes up the faults of an error. nil is nothing.
func (l *List) Add(err error) {
	added := listOf(err)
	room := min(MaxKept-len(l.kept), len(added.kept))
	l.kept = append(l.kept, added.kept[:room]...)
	l.more += len(added.kept) - room + added.more
}

// Addf is Add for an error that is made on the spot.
func (l *List) Addf(format string, args ...any) { l.Add(fmt.Errorf(format, args...)) }

// Len is how many faults were added.
func (l List) Len() int { return len(l.kept) + l.more }

// Err is nil where there is no fault.
func (l List) Err() error {
	if l.Len() == 0 {
		return nil
	}
	return l
}

// Unwrap lets errors.Is and errors.As look at every fault.
func (l List) Unwrap() []error {
	errs := make([]error, len(l.kept))
	for i, f := range l.kept {
		errs[i] = f
	}
	return errs
}

// Error is the one fault, or a numbered list of all with their number.
func (l List) Error() string {
	if l.Len() == 1 {
		return Clip(l.kept[0].Error(), MaxText)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d faults:", l.Len())
	shown := 0
	for _, f := range l.kept {
		next := fmt.Sprintf(" (%d) %s;", shown+1, Clip(f.Error(), maxFault))
		if text.Len()+len(next)+len(" … and 1000000 more") > MaxText {
			break
		}
		text.WriteString(next)
		shown++
	}
	if shown < l.Len() {
		fmt.Fprintf(&text, " … and %d more", l.Len()-shown)
	}
	return strings.TrimSuffix(text.String(), ";")
}

// Quote shows a value from outside: visible whatever is in it, and short.
func Quote(value string) string { return strconv.Quote(Clip(value, maxQuote)) }

// Key shows a key; quoted only where it is odd or long.
func Key(key string) string {
	if quoted := Quote(key); quoted != `"`+key+`"` || key == "" {
		return quoted
	}
	return key
}

// QuoteAll shows a few values from outside.
func QuoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = Quote(value)
	}
	return Clip(strings.Join(quoted, ", "), maxFault)
}

// Clip cuts text to at most limit bytes, between characters.
func Clip(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return text
	}
	cut := max(limit-len(mark), 0)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}

// Notes collects warnings, bounded like faults. The zero value is an empty one.
type Notes []string

// Addf adds one.
func (n *Notes) Addf(format string, args ...any) { n.Add(fmt.Sprintf(format, args...)) }

// Add adds warnings, as they are.
func (n *Notes) Add(notes ...string) {
	const most = 32
	for _, note := range notes {
		switch {
		case len(*n) < most:
			*n = append(*n, Clip(note, maxFault))
		case len(*n) == most:
			*n = append(*n, "more warnings left out")
		}
	}
}
