package netconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what is read. A configuration of a few kilobytes, nested a few levels,
// is long already; all else is a mistake or an attack on the node.
const (
	// MaxSize is how many bytes a configuration may have, all its files together.
	MaxSize = 1 << 20
	// maxDepth stays far below what encoding/json refuses (10000), so that a
	// configuration can be read again from within a record.
	maxDepth = 1000
	// maxPlugins is how many plugins a configuration may have.
	maxPlugins = 100
)

const whitespace = " \t\r\n"

// checkSyntax tells what keeps the text from being one JSON object, and where.
func checkSyntax(data []byte) error {
	begin := len(data) - len(bytes.TrimLeft(data, whitespace))
	if begin == len(data) {
		return errors.New("a JSON object is expected, found nothing")
	}
	if !utf8.Valid(data) {
		return located(data, invalidUTF8(data), "text that is not UTF-8")
	}
	if !json.Valid(data) {
		return diagnose(data, begin)
	}
	if data[begin] != '{' {
		return located(data, begin, "a JSON object is expected, found "+Kind(data[begin:]))
	}
	return nil
}

// diagnose says what is wrong with text that is not JSON: first of all the
// mistakes that people make.
func diagnose(data []byte, begin int) error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(json.RawMessage)); !errors.As(err, &syntax) {
		return located(data, begin, "text that is not JSON")
	}
	at := min(max(int(syntax.Offset)-1, 0), len(data)-1)
	before := bytes.TrimRight(data[:at], whitespace)
	switch {
	case strings.Contains(syntax.Error(), "unexpected end"):
		return located(data, len(data), "the text ends in the middle of the JSON")
	case data[at] == '#', bytes.HasPrefix(data[at:], []byte("//")), bytes.HasPrefix(data[at:], []byte("/*")):
		return located(data, at, "comments are not allowed in JSON")
	case strings.IndexByte("}]", data[at]) >= 0 && bytes.HasSuffix(before, []byte(",")):
		return located(data, at, fmt.Sprintf("trailing comma before %q", data[at:at+1]))
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return located(data, begin, "a JSON object is expected, found a byte order mark: save the text without it")
	case strings.IndexByte("{[", data[begin]) < 0:
		line, _, _ := strings.Cut(string(data[begin:]), "\n")
		return located(data, begin, "a JSON object is expected, found "+brief(line)+"; YAML is not accepted here")
	case data[at] == '\'':
		return located(data, at, `text stands in double quotes ("), not in single ones`)
	}
	return located(data, at, syntax.Error())
}

// located is an error that says where it is in the text.
func located(data []byte, at int, what string) error {
	before := data[:at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("line %d, column %d: %s", line, column, what)
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// Kind names the kind of a JSON value for people: an object, a list.
func Kind(value json.RawMessage) string {
	value = bytes.TrimLeft(value, whitespace)
	if len(value) == 0 {
		return "nothing"
	}
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// brief quotes text from outside for a message, cut where it is long.
func brief(s string) string {
	const most = 64
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
}

// normalise drops the white space of valid JSON and undoes the escapes that
// encoding/json adds on its way through; depth is how deep it is nested.
func normalise(data []byte) (out []byte, depth int) {
	out = make([]byte, 0, len(data))
	level := 0
	for i := 0; i < len(data); {
		c := data[i]
		switch c {
		case '"':
			end := stringEnd(data, i)
			out = appendUnescaped(out, data[i:end])
			i = end
			continue
		case '{', '[':
			level++
			depth = max(depth, level)
		case '}', ']':
			level--
		}
		if strings.IndexByte(whitespace, c) < 0 {
			out = append(out, c)
		}
		i++
	}
	return out, depth
}

// appendUnescaped copies a JSON string and undoes the escapes of encoding/json.
func appendUnescaped(out, quoted []byte) []byte {
	for {
		i := bytes.IndexByte(quoted, '\\')
		if i < 0 {
			return append(out, quoted...)
		}
		out = append(out, quoted[:i]...)
		quoted = quoted[i:]
		size := 2
		if plain := unescaped(quoted); plain != "" {
			out, size = append(out, plain...), len(`\u0000`)
		} else {
			out = append(out, quoted[:size]...)
		}
		quoted = quoted[size:]
	}
}

// unescaped is the character of an escape as encoding/json writes it for HTML and
// JavaScript, "" for any other escape.
func unescaped(s []byte) string {
	if len(s) < len(`\u0000`) {
		return ""
	}
	switch string(s[:len(`\u0000`)]) {
	case `\u003c`:
		return "<"
	case `\u003e`:
		return ">"
	case `\u0026`:
		return "&"
	case `\u2028`:
		return "\u2028"
	case `\u2029`:
		return "\u2029"
	}
	return ""
}
