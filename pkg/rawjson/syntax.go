package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/multus-cni/multus/pkg/fault"
)

// SyntaxError says what keeps text from being the JSON that is expected.
type SyntaxError struct {
	Offset       int    // in bytes, from 0
	Line, Column int    // from 1; columns are characters
	What         string // a comment, a trailing comma, …, with its cure
}

// Error names the place first.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// Check tells what keeps text from being JSON of any kind; nil or a *SyntaxError.
func Check(data []byte) error { return checkSyntax(data, 0) }

// checkSyntax tells what keeps text from being exactly one JSON value that begins
// with first; 0 stands for any.
func checkSyntax(data []byte, first byte) error {
	wanted := map[byte]string{'{': "a JSON object", '[': "a JSON list", 0: "JSON"}[first]
	begin := len(data) - len(bytes.TrimLeft(data, whitespace))
	if begin == len(data) {
		return located(data, begin, wanted+" is expected, found nothing")
	}
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	for {
		_, err := d.ReadToken()
		if err != nil {
			return diagnose(data, begin, wanted, err)
		}
		if d.StackDepth() > MaxDepth {
			return located(data, int(d.InputOffset())-1, fmt.Sprintf("nested more than %d deep", MaxDepth))
		}
		if d.StackDepth() == 0 {
			break
		}
	}
	if rest := bytes.TrimLeft(data[d.InputOffset():], whitespace); len(rest) > 0 {
		return located(data, len(data)-len(rest), "text behind the end of the JSON")
	}
	if first != 0 && data[begin] != first {
		return located(data, begin, wanted+" is expected, found "+Kind(data[begin:]))
	}
	return nil
}

// diagnose says what is wrong with text that is not JSON: first of all the mistakes
// that people make.
func diagnose(data []byte, begin int, wanted string, err error) error {
	at := len(data)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = offset(data, begin, syntax)
	}
	rest, before := data[at:], bytes.TrimRight(data[:at], whitespace)
	last := before[max(len(before)-1, 0):]
	switch {
	case bytes.HasPrefix(data[begin:], []byte("\ufeff")):
		return located(data, begin, wanted+" is expected, found a byte order mark: save the text without it")
	case bytes.HasPrefix(rest, []byte("#")), bytes.HasPrefix(rest, []byte("//")), bytes.HasPrefix(rest, []byte("/*")):
		return located(data, at, "comments are not allowed in JSON")
	case bytes.HasPrefix(rest, []byte("'")):
		return located(data, at, `text stands in double quotes ("), not in single ones`)
	case strings.IndexByte("{[\"", data[begin]) < 0 && !json.Valid(data[begin:]):
		line, _, _ := strings.Cut(string(data[begin:]), "\n")
		return located(data, begin, wanted+" is expected, found "+fault.Quote(line)+"; YAML is not accepted here")
	case len(rest) == 0:
		return located(data, at, "the text ends in the middle of the JSON: a closing quote, brace or bracket is missing")
	case rest[0] == ',':
		if next := bytes.TrimLeft(rest[1:], whitespace); len(next) > 0 && strings.IndexByte("}]", next[0]) >= 0 {
			return located(data, at, fmt.Sprintf("trailing comma before %q", next[:1]))
		}
	case rest[0] == '"' && len(last) == 1 && strings.IndexByte(`"}]0123456789el`, last[0]) >= 0:
		word, err := jsontext.NewDecoder(bytes.NewReader(rest)).ReadValue()
		if err != nil {
			word = rest // it never ends
		}
		return located(data, at, "a comma or a colon is missing before "+Shown(json.RawMessage(word)))
	}
	if errors.Is(err, jsontext.ErrNonStringName) {
		return located(data, at, "a key in double quotes is expected")
	}
	what := "text that is not JSON"
	if syntax != nil && syntax.Err != nil && !errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		what = syntax.Err.Error()
	}
	return located(data, at, what)
}

// offset is where the fault is. The decoder tells the beginning of a token for some
// faults and of the white space before it for others.
func offset(data []byte, begin int, syntax *jsontext.SyntacticError) int {
	at := min(max(int(syntax.ByteOffset), begin), len(data))
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return len(data)
	}
	return at + len(data[at:]) - len(bytes.TrimLeft(data[at:], whitespace))
}

// located is an error that says where it is in the text.
func located(data []byte, at int, what string) error {
	before := data[:at]
	return &SyntaxError{
		Offset: at,
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1,
		What:   what,
	}
}
