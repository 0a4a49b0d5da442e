package manifest

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/rawjson"
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

// Located is an error with the place in the file where it tells one in the string.
func (t Text) Located(err error) error {
	var syntax *rawjson.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	f := fault.All(err)[0]
	f.Place, f.What = t.placeOf(syntax.Offset), syntax.What
	return f
}

// placeOf is where the character at a byte of the string stands in the file.
func (t Text) placeOf(offset int) string {
	if !t.Given() || visible(t.Value) == 0 || t.at.doc.lost {
		return t.Place()
	}
	text, node := t.at.doc.text, t.at.node
	before, all := visible(t.Value[:min(offset, len(t.Value))]), visible(t.Value)
	begin := t.at.doc.index(node)
	end := begin + written(string(text[begin:]), node.Style, min(before, all-1))
	if before == all {
		end++ // behind the last one
	}
	line := text[bytes.LastIndexByte(text[:end], '\n')+1 : end]
	return t.at.doc.place(&yaml.Node{Line: bytes.Count(text[:end], []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1})
}

// visible counts the characters that are no white space: what YAML's folding and
// indentation leave as it is.
func visible(text string) int {
	return utf8.RuneCountInString(strings.Join(strings.Fields(text), ""))
}

// written is where the character behind the given number of visible ones is in the
// source of a string. The source begins with the string and goes on to the end of
// the document.
func written(source string, style yaml.Style, before int) int {
	opening, character := "", "."
	switch {
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		opening = "\n"
	case style&yaml.DoubleQuotedStyle != 0:
		opening, character = `"`, `\\(?:x..|u.{4}|U.{8}|.)|.`
	case style&yaml.SingleQuotedStyle != 0:
		opening, character = "'", "''|."
	}
	next := regexp.MustCompile("(?s)^(?:" + character + ")")
	i := strings.Index(source, opening) + len(opening)
	for i < len(source) {
		written := next.FindString(source[i:])
		meant := written
		if len(written) > 1 && written[0] == '\\' {
			_ = yaml.Unmarshal([]byte(`"`+written+`"`), &meant) // as the document was read
		}
		if visible(meant) > 0 {
			before--
		}
		if before < 0 {
			break
		}
		i += len(written)
	}
	return i
}
