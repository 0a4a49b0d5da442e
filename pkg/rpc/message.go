package rpc

import (
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

// Fields calls do for every field of a message that has bytes: text and messages.
// It passes over numbers.
func Fields(data []byte, do func(field uint64, value []byte) error) error {
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return errMessage
		}
		value, rest, err := cut(data[n:], tag&7)
		if err != nil {
			return err
		}
		if tag&7 == wireBytes {
			if err := do(tag>>3, value); err != nil {
				return err
			}
		}
		data = rest
	}
	return nil
}

// cut takes the first value off data.
func cut(data []byte, kind uint64) (value, rest []byte, err error) {
	size, n := uint64(0), 0
	switch kind {
	case wireVarint:
		if _, n = binary.Uvarint(data); n <= 0 {
			return nil, nil, errMessage
		}
	case wireBytes:
		if size, n = binary.Uvarint(data); n <= 0 {
			return nil, nil, errMessage
		}
	case wireFixed8:
		size = 8
	case wireFixed4:
		size = 4
	default:
		return nil, nil, errMessage
	}
	data = data[n:]
	if size > uint64(len(data)) {
		return nil, nil, errMessage
	}
	return data[:size], data[size:], nil
}
