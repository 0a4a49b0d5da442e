package netconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Member is one member of a JSON object.
type Member struct {
	Key     string // decoded
	Value   json.RawMessage
	written []byte // the key as it was written, in its quotes
}

// Members reads text that must be exactly one JSON object of at most MaxSize
// bytes, and returns its members in their order, with no white space between the
// tokens of their values. For anything else the error says what is wrong, and
// where; there are no members then, unless it is that a key is there twice.
func Members(data []byte) ([]Member, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%d bytes of configuration: at most %d are read", len(data), MaxSize)
	}
	members, depth, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested %d deep: at most %d levels are read", depth, maxDepth)
	}
	return members, members.distinct()
}

// Object writes the members as one JSON object, in their order.
func Object(members []Member) json.RawMessage { return object(members).json() }

// object is a JSON object that keeps its order. Its values are normalised.
type object []Member

// parseObject reads one object of any size, duplicate keys and all.
func parseObject(data []byte) (members object, depth int, err error) {
	if err := checkSyntax(data); err != nil {
		return nil, 0, err
	}
	data, depth = normalise(data)
	return split(data), depth, nil
}

// split cuts an object that is valid and normalised into its members.
func split(data []byte) object {
	var o object
	for i := 1; data[i] != '}'; {
		if data[i] == ',' {
			i++
		}
		colon := stringEnd(data, i)
		end := valueEnd(data, colon+1)
		key := data[i:colon:colon]
		o = append(o, Member{Key: decode(key), Value: json.RawMessage(data[colon+1 : end : end]), written: key})
		i = end
	}
	return o
}

// distinct tells which key is there twice, if one is.
func (o object) distinct() error {
	seen := make(map[string]bool, len(o))
	for _, m := range o {
		if seen[m.Key] {
			return fmt.Errorf("key %s is there twice", brief(m.Key))
		}
		seen[m.Key] = true
	}
	return nil
}

// value is the value of the first member of exactly that key.
func (o object) value(key string) (json.RawMessage, bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// variant is a key that is spelled like this one but for its case.
func (o object) variant(key string) (string, bool) {
	for _, m := range o {
		if m.Key != key && strings.EqualFold(m.Key, key) {
			return m.Key, true
		}
	}
	return "", false
}

// with sets the key, in its place where it is there, else at the end. Every other
// spelling of it goes: a plugin might read that one.
func (o object) with(key string, value json.RawMessage) object {
	out := make(object, 0, len(o)+1)
	done := false
	for _, m := range o {
		switch {
		case !strings.EqualFold(m.Key, key):
			out = append(out, m)
		case m.Key == key && !done:
			out, done = append(out, Member{Key: key, Value: value, written: m.written}), true
		}
	}
	if !done {
		out = append(out, Member{Key: key, Value: value, written: quote(key)})
	}
	return out
}

// without drops the members whose key is told to go.
func (o object) without(goes func(key string) bool) object {
	out := make(object, 0, len(o))
	for _, m := range o {
		if !goes(m.Key) {
			out = append(out, m)
		}
	}
	return out
}

// json writes the object without white space.
func (o object) json() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if m.written == nil { // made elsewhere
			m.written = quote(m.Key)
		}
		b.Write(m.written)
		b.WriteByte(':')
		b.Write(m.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// elements cuts an array that is valid and normalised into its elements.
func elements(data []byte) []json.RawMessage {
	var out []json.RawMessage
	for i := 1; data[i] != ']'; {
		if data[i] == ',' {
			i++
		}
		end := valueEnd(data, i)
		out = append(out, json.RawMessage(data[i:end:end]))
		i = end
	}
	return out
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

// valueEnd is the index behind the value that begins at i.
func valueEnd(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			i = stringEnd(data, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		default:
			i = scalarEnd(data, i)
		}
		if depth == 0 {
			break
		}
	}
	return i
}

// scalarEnd is the index behind the run of punctuation, number or literal at i.
func scalarEnd(data []byte, i int) int {
	if data[i] == ',' || data[i] == ':' {
		return i + 1
	}
	for i < len(data) && strings.IndexByte(`,:{}[]"`, data[i]) < 0 {
		i++
	}
	return i
}

// decode is the text of a JSON string that is known to be valid.
func decode(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return string(quoted) // cannot be: the syntax was checked
	}
	return s
}

// text is the text of a value, if it is a string.
func text(value json.RawMessage) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return decode(value), true
}

// quote writes a string as normalised JSON.
func quote(s string) json.RawMessage {
	quoted, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // cannot be: every string has a JSON form
	}
	quoted, _ = normalise(quoted)
	return quoted
}
