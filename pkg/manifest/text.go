package manifest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"
)

// Text is a string of a file that knows where it stands, whatever its style.
type Text struct {
	Value string
	at    value
}

// Given tells whether it is there at all.
func (t Text) Given() bool { return t.at.node != nil }

// Place is where the string begins: file:line:column; empty for no string.
func (t Text) Place() string {
	if !t.Given() {
		return ""
	}
	return t.at.place()
}

// PlaceOf is where the character at a byte of the string stands in the file.
func (t Text) PlaceOf(offset int) string {
	if !t.Given() || visible(t.Value) == 0 || !t.at.doc.exact {
		return t.Place()
	}
	source := t.at.doc.from(t.at.node)
	before, all := visible(t.Value[:min(offset, len(t.Value))]), visible(t.Value)
	index := written(source, t.at.node.Style, min(before, all-1))
	if before == all {
		index++ // behind the last one
	}
	source = source[:index]
	down := strings.Count(source, "\n")
	right := utf8.RuneCountInString(source[strings.LastIndexByte(source, '\n')+1:])
	if down == 0 {
		right += t.at.node.Column - 1
	}
	return t.at.doc.file + ":" + strconv.Itoa(t.at.doc.offset+t.at.node.Line+down) + ":" + strconv.Itoa(right+1)
}

// visible counts the characters that are no white space: what YAML's folding and
// indentation leave as it is.
func visible(text string) int {
	count := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	return count
}

// written is where the character behind the given number of visible ones is in the
// source of a string. The source begins with the string and goes on to the end of
// the document.
func written(source string, style yaml.Style, before int) int {
	i := opening(source, style)
	for i < len(source) {
		r, size := utf8.DecodeRuneInString(source[i:])
		switch {
		case style&yaml.DoubleQuotedStyle != 0 && r == '\\':
			r, size = escape(source[i:])
		case style&yaml.SingleQuotedStyle != 0 && strings.HasPrefix(source[i:], "''"):
			size = 2
		}
		if !unicode.IsSpace(r) {
			if before == 0 {
				return i
			}
			before--
		}
		i += size
	}
	return 0 // cannot be: the string is in its source
}

// opening is the index of the first character of the string itself.
func opening(source string, style yaml.Style) int {
	mark := ""
	switch {
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		mark = "\n"
	case style&yaml.DoubleQuotedStyle != 0:
		mark = `"`
	case style&yaml.SingleQuotedStyle != 0:
		mark = "'"
	}
	return strings.Index(source, mark) + len(mark)
}

// escape is the character that an escape sequence of a double-quoted string stands
// for, as far as it matters here, and how long the sequence is.
func escape(source string) (rune, int) {
	if len(source) < 2 {
		return ' ', len(source)
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[source[1]]
	size := min(2+digits, len(source))
	switch {
	case digits > 0:
		code, _ := strconv.ParseUint(source[2:size], 16, 32) // the parser accepted it
		return rune(code), size
	case strings.IndexByte("tnvfrN_LP \t\r\n", source[1]) >= 0:
		return ' ', size
	}
	return rune(source[1]), size
}
