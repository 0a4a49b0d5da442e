package delegate

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
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
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil { // refuses whatever follows the object
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var o object
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var m member
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		m.name, _ = name.(string)
		o = append(o, m)
	}
	return o, nil
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
