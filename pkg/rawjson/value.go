package rawjson

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const whitespace = " \t\r\n"

// Kind names the kind of a JSON value for people: an object, a list.
func Kind(value json.RawMessage) string {
	switch jsontext.Value(value).Kind() {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "true or false"
	case jsontext.KindNull:
		return "null"
	case jsontext.KindNumber:
		return "a number"
	}
	if len(bytes.Trim(value, whitespace)) == 0 {
		return "nothing"
	}
	return "no JSON"
}

// Elements are the elements of a list, a value that is known to be valid JSON.
func Elements(value json.RawMessage) ([]json.RawMessage, error) {
	if Kind(value) != "a list" {
		return nil, Unexpected("a list", value)
	}
	elements := []json.RawMessage{}
	d := jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true))
	_, _ = d.ReadToken() // the bracket
	for d.PeekKind() != jsontext.KindEndArray {
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		elements = append(elements, json.RawMessage(bytes.Clone(v)))
	}
	return elements, nil
}

// Text is the text of a value, if it is a string.
func Text(value json.RawMessage) (string, bool) {
	text, err := jsontext.AppendUnquote(nil, bytes.Trim(value, whitespace))
	return string(text), err == nil
}

// Quote writes a string as normalised JSON. What is no UTF-8 in it is replaced.
func Quote(s string) json.RawMessage {
	quoted, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD")) // fails for nothing else
	return quoted
}

// ParseList reads text that must be exactly one JSON list, and returns its elements,
// normalised. For anything else the error is a *SyntaxError.
func ParseList(data []byte) ([]json.RawMessage, error) {
	normal, err := normalise(data, '[')
	if err != nil {
		return nil, err
	}
	return Elements(normal)
}

// normalise drops the white space of text that must be exactly one JSON value that
// begins with first, and gives strings their shortest form, which undoes the escapes
// that encoding/json adds on its way through. Only where that fails, or might be
// nested too deep, is the text looked at closely.
func normalise(data []byte, first byte) ([]byte, error) {
	normal, err := jsontext.AppendFormat(make([]byte, 0, len(data)), data, jsontext.AllowDuplicateNames(true))
	if err == nil && normal[0] == first && bytes.Count(normal, []byte("{"))+bytes.Count(normal, []byte("[")) <= MaxDepth {
		return normal, nil
	}
	if syntax := checkSyntax(data, first); syntax != nil {
		return nil, syntax
	}
	return normal, err
}
