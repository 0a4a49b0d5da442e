package delegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// object is a JSON object whose members keep their order and their bytes, so
// that one can be changed and the rest stays as it was printed.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

var errNoObject = errors.New("no JSON object")

func parseObject(data []byte) (object, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		return nil, errNoObject
	}
	if !json.Valid(data) { // nor if anything follows the object
		return nil, json.Unmarshal(data, new(json.RawMessage))
	}
	return split(data)
}

// split cuts an object that is valid into its members. A json.Decoder would do that
// too, and take as long for it as for all else that is done about a result.
func split(data []byte) (object, error) {
	var o object
	for i := pastSpace(data, 1); data[i] != '}'; {
		if data[i] == ',' {
			i = pastSpace(data, i+1)
		}
		end := stringEnd(data, i)
		name, err := decode(data[i:end])
		if err != nil {
			return nil, err
		}
		i = pastSpace(data, pastSpace(data, end)+1) // the colon between them
		end = valueEnd(data, i)
		o = append(o, member{name, json.RawMessage(data[i:end:end])})
		i = pastSpace(data, end)
	}
	return o, nil
}

func pastSpace(data []byte, i int) int {
	for data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r' {
		i++
	}
	return i
}

// stringEnd is the index behind the string that begins at i.
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd is the index behind the value, in an object, that begins at i.
func valueEnd(data []byte, i int) int {
	switch data[i] {
	case '"':
		return stringEnd(data, i)
	case '{', '[':
	default:
		return i + bytes.IndexAny(data[i:], ",} \n\t\r")
	}
	for depth := 0; ; i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// decode is the text of a string that is valid JSON.
func decode(quoted []byte) (s string, err error) {
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1]), nil
	}
	err = json.Unmarshal(quoted, &s)
	return s, err
}

// member finds a member as encoding/json does, which nearly all plugins use:
// any case, the last one counts.
func (o object) member(name string) (json.RawMessage, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if strings.EqualFold(o[i].name, name) {
			return o[i].value, true
		}
	}
	return nil, false
}

// with is the object with a member set: in its place where it is there, else at the end.
func (o object) with(name string, value json.RawMessage) object {
	out := make(object, 0, len(o)+1)
	set := false
	for _, m := range o {
		if strings.EqualFold(m.name, name) {
			if set {
				continue
			}
			m, set = member{name, value}, true
		}
		out = append(out, m)
	}
	if !set {
		out = append(out, member{name, value})
	}
	return out
}

func (o object) encode() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quote is a string as JSON, with <, > and & as they are.
func quote(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string and a buffer cannot fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
