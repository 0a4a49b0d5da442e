package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/multus-cni/multus/pkg/rawjson"
)

// member is one member of a JSON object.
type member struct {
	key   string
	value json.RawMessage
	again bool // the key was there before
}

// object splits a JSON object into its members, in their order. Keys are exact,
// unlike encoding/json's, which folds case.
func object(raw json.RawMessage) ([]member, error) {
	if rawjson.Kind(raw) != "an object" {
		return nil, fmt.Errorf("must be an object, not %s", shown(raw))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var members []member
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: fmt.Sprint(token)}
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		m.again = seen[m.key]
		seen[m.key] = true
		members = append(members, m)
	}
	return members, nil
}

// array splits a JSON list into its elements.
func array(raw json.RawMessage) ([]json.RawMessage, error) {
	if rawjson.Kind(raw) != "a list" {
		return nil, fmt.Errorf("must be a list, not %s", shown(raw))
	}
	elements := []json.RawMessage{}
	err := json.Unmarshal(raw, &elements)
	return elements, err
}

// stringOf reads a JSON string.
func stringOf(raw json.RawMessage) (string, error) {
	if rawjson.Kind(raw) != "a string" {
		return "", fmt.Errorf("must be a string, not %s", shown(raw))
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// positive reads a whole number from 1 to limit, exactly: no floating point on
// the way.
func positive(raw json.RawMessage, limit uint64) (uint64, error) {
	if rawjson.Kind(raw) != "a number" {
		return 0, fmt.Errorf("must be a whole number, not %s", shown(raw))
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || n == 0 || n > limit {
		return 0, fmt.Errorf("must be a whole number from 1 to %d, not %s", limit, shown(raw))
	}
	return n, nil
}

// shown is a JSON text as it was written, and short.
func shown(raw json.RawMessage) string { return clip(string(bytes.TrimSpace(raw)), maxQuotedText) }

// quoteKey shows a key; quoted only where it is odd or long.
func quoteKey(key string) string {
	if quoted := quote(key); quoted != `"`+key+`"` {
		return quoted
	}
	return key
}

// only reads an object whose keys are all to be handled by read, which says
// whether it knows the key.
func only(raw json.RawMessage, read func(m member) error) error {
	members, err := object(raw)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range members {
		err := read(m)
		if m.again {
			err = errors.New("is given twice; keep one")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", quoteKey(m.key), err))
		}
	}
	return joined(errs)
}
