package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// syntax finds the first fault of text as JSON: its line within text, and what
// is wrong and how to mend it, "" where nothing is.
func syntax(text []byte) (line int, what string) {
	var fault *json.SyntaxError
	var raw json.RawMessage
	if !errors.As(json.Unmarshal(text, &raw), &fault) {
		return 0, ""
	}
	at := min(max(int(fault.Offset)-1, 0), len(text))
	return lineAt(text, at), cure(text, at, fault)
}

// cure puts the frequent faults into words; the others are as encoding/json says.
func cure(text []byte, at int, fault *json.SyntaxError) string {
	before := bytes.TrimRight(text[:at], " \t\r\n")
	if at >= len(text) || fault.Error() == "unexpected end of JSON input" {
		return "the JSON ends too early: a closing quote, brace or bracket is missing"
	}
	c, last := text[at], byte(0)
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	switch {
	case last == ',' && (c == '}' || c == ']'):
		return fmt.Sprintf("no JSON: a comma before %q; remove the comma", c)
	case c == '#', c == '/':
		return "no JSON: a comment; JSON has none, remove it"
	case c == '\'':
		return "no JSON: a single quote; JSON text stands in double quotes"
	case c == '"' && bytes.IndexByte([]byte(`"}]0123456789el`), last) >= 0:
		return "no JSON: a comma is missing before " + word(text[at:])
	}
	return "no JSON: " + fault.Error()
}

// word is the beginning of text up to the end of its first quoted word, or so.
func word(text []byte) string {
	if end := bytes.IndexByte(text[1:], '"'); end >= 0 && end < 40 {
		return string(text[:end+2])
	}
	return string(text[:1])
}

// lineAt is the number of the line that holds the byte at offset.
func lineAt(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
}
