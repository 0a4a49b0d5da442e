package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/netconf"
)

// setter reads the value of one key to where it belongs. Where it returns an error
// nothing was set.
type setter func(value json.RawMessage) error

// check tells what is wrong with a text.
type check func(text string) error

// unexpected is the error for a value of the wrong kind.
func unexpected(wanted string, value json.RawMessage) error {
	return fmt.Errorf("%s is expected, found %s", wanted, netconf.Kind(value))
}

// members is the object that a value is. The keys were in JSON already: only that
// it is no object, or has a key twice, can be wrong.
func members(value json.RawMessage) ([]netconf.Member, error) {
	if value[0] != '{' {
		return nil, unexpected("an object", value)
	}
	found, err := netconf.Members(value)
	if found == nil && err != nil {
		return nil, err
	}
	return found, nil // the reader of an object tells of a key that is there twice
}

// keep keeps a value for later.
func keep(into *json.RawMessage) setter {
	return func(value json.RawMessage) error {
		*into = value
		return nil
	}
}

// text reads a string; an empty one is as good as none.
func text(into *string, right check) setter {
	return func(value json.RawMessage) error {
		if value[0] != '"' {
			return unexpected("a string", value)
		}
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		if s == "" {
			return nil
		}
		if right != nil {
			if err := right(s); err != nil {
				return err
			}
		}
		*into = s
		return nil
	}
}

// choice reads one of a few words, in any case.
func choice(into *string, words ...string) setter {
	return text(new(string), func(s string) error {
		for _, word := range words {
			if strings.EqualFold(word, s) {
				*into = word
				return nil
			}
		}
		return fmt.Errorf("%s: one of %s is expected", brief(s), strings.Join(words, ", "))
	})
}

// duration reads a span of time that is more than none.
func duration(into *time.Duration) setter {
	const wanted = `a duration such as "45s" or "2m" is expected`
	return func(value json.RawMessage) error {
		if value[0] != '"' {
			return fmt.Errorf("%s, found %s", wanted, netconf.Kind(value))
		}
		return text(new(string), func(s string) error {
			d, err := time.ParseDuration(s)
			if err != nil || d <= 0 {
				return fmt.Errorf("%s: %s, more than zero", brief(s), wanted)
			}
			*into = d
			return nil
		})(value)
	}
}

func flag(into *bool) setter {
	return func(value json.RawMessage) error {
		switch string(value) {
		case "true", "false":
			*into = string(value) == "true"
			return nil
		}
		return unexpected("true or false", value)
	}
}

// count reads a whole number from 0 to most.
func count(into *int, most int) setter {
	return func(value json.RawMessage) error {
		if netconf.Kind(value) != "a number" {
			return unexpected("a number", value)
		}
		var n int
		if err := json.Unmarshal(value, &n); err != nil || n < 0 || n > most {
			return fmt.Errorf("%s: a whole number from 0 to %d is expected", brief(string(value)), most)
		}
		*into = n
		return nil
	}
}

// list reads a list of strings.
func list(into *[]string, right check) setter {
	return func(value json.RawMessage) error {
		if value[0] != '[' {
			return unexpected("a list of strings", value)
		}
		return elements(into, value, right)
	}
}

// oneOrList reads a string or a list of strings. An empty string is as good as none.
func oneOrList(into *[]string, right check) setter {
	return func(value json.RawMessage) error {
		if value[0] == '[' {
			return elements(into, value, right)
		}
		if value[0] != '"' {
			return unexpected("a string or a list of strings", value)
		}
		return text(new(string), func(s string) error {
			return take(into, []string{s}, right)
		})(value)
	}
}

// commaOrList reads a list of strings, or one string with commas between them.
func commaOrList(into *[]string, right check) setter {
	return func(value json.RawMessage) error {
		if value[0] == '[' {
			return elements(into, value, right)
		}
		if value[0] != '"' {
			return unexpected("a string or a list of strings", value)
		}
		return text(new(string), func(s string) error {
			return take(into, strings.Split(s, ","), right)
		})(value)
	}
}

func elements(into *[]string, list json.RawMessage, right check) error {
	var found []json.RawMessage
	if err := json.Unmarshal(list, &found); err != nil {
		return err
	}
	texts := make([]string, len(found))
	for i, value := range found {
		if value[0] != '"' {
			return fmt.Errorf("element %d: %w", i, unexpected("a string", value))
		}
		if err := json.Unmarshal(value, &texts[i]); err != nil {
			return err
		}
	}
	return take(into, texts, right)
}

// take sets the list if all its elements are right.
func take(into *[]string, texts []string, right check) error {
	taken := make([]string, len(texts))
	var faults []error
	for i, s := range texts {
		taken[i] = strings.TrimSpace(s)
		if taken[i] == "" {
			faults = append(faults, fmt.Errorf("element %d is empty", i))
		} else if err := right(taken[i]); err != nil {
			faults = append(faults, fmt.Errorf("element %d: %w", i, err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	*into = taken
	return nil
}

// object reads an object without looking into it.
func object(into *json.RawMessage) setter {
	return func(value json.RawMessage) error {
		if value[0] != '{' {
			return unexpected("an object", value)
		}
		*into = value
		return nil
	}
}

// values reads an object by its keys, which are taken as they are.
func values(into *map[string]json.RawMessage) setter {
	return func(value json.RawMessage) error {
		members, err := distinct(value)
		if err != nil {
			return err
		}
		*into = make(map[string]json.RawMessage, len(members))
		for _, m := range members {
			(*into)[m.Key] = m.Value
		}
		return nil
	}
}

// flags reads an object of booleans.
func flags(into *map[string]bool) setter {
	return func(value json.RawMessage) error {
		members, err := distinct(value)
		if err != nil {
			return err
		}
		read := make(map[string]bool, len(members))
		for _, m := range members {
			var on bool
			if err := flag(&on)(m.Value); err != nil {
				return fmt.Errorf("%s: %w", brief(m.Key), err)
			}
			read[m.Key] = on
		}
		*into = read
		return nil
	}
}

// distinct are the members of an object that may have no key twice.
func distinct(value json.RawMessage) ([]netconf.Member, error) {
	if value[0] != '{' {
		return nil, unexpected("an object", value)
	}
	return netconf.Members(value)
}
