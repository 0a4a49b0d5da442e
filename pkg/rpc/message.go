package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
)

var errMessage = errors.New("malformed protocol buffers message")

// Kinds of values on the wire.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// AppendField adds a field of text, or a message, to a message.
func AppendField(message []byte, field uint64, value string) []byte {
	message = binary.AppendUvarint(message, field<<3|wireBytes)
	return append(binary.AppendUvarint(message, uint64(len(value))), value...)
}

// Message are the texts and messages of a message by their fields, in order.
type Message map[uint64][]string

// Text is the text of a field; "" where there is none.
func (m Message) Text(field uint64) string {
	if all := m[field]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// Messages are the messages at the end of a path of fields.
func (m Message) Messages(path ...uint64) ([]Message, error) {
	if len(path) == 0 {
		return []Message{m}, nil
	}
	var found []Message
	for _, text := range m[path[0]] {
		one, err := Parse([]byte(text))
		if err != nil {
			return nil, err
		}
		below, err := one.Messages(path[1:]...)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

// Parse reads a message. It passes over numbers.
func Parse(data []byte) (Message, error) {
	m, rest := Message{}, bytes.NewBuffer(data)
	for rest.Len() > 0 {
		tag, err := binary.ReadUvarint(rest)
		if err != nil {
			return nil, errMessage
		}
		size := uint64(0)
		switch tag & 7 {
		case wireVarint:
			_, err = binary.ReadUvarint(rest)
		case wireBytes:
			size, err = binary.ReadUvarint(rest)
		case wireFixed8:
			size = 8
		case wireFixed4:
			size = 4
		default:
			err = errMessage
		}
		if err != nil || size > uint64(rest.Len()) {
			return nil, errMessage
		}
		value := string(rest.Next(int(size)))
		if tag&7 == wireBytes {
			m[tag>>3] = append(m[tag>>3], value)
		}
	}
	return m, nil
}
