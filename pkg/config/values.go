package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// setter reads the value of one key to where it belongs. Where it returns an error
// nothing was set.
type setter func(value json.RawMessage) error

// check tells what is wrong with a text.
type check func(text string) error

// unexpected is the error for a value of the wrong kind.
func unexpected(wanted string, value json.RawMessage) error {
	return fmt.Errorf("%s is expected, found %s", wanted, rawjson.Kind(value))
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
		s, isText := rawjson.Text(value)
		if !isText {
			return unexpected("a string", value)
		}
		if s == "" {
			return nil
		}
		if err := right(s); err != nil {
			return err
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
		return fmt.Errorf("%s: one of %s is expected", fault.Quote(s), strings.Join(words, ", "))
	})
}

// duration reads a span of time that is more than none.
func duration(into *time.Duration) setter {
	const wanted = `a duration such as "45s" or "2m" is expected`
	return func(value json.RawMessage) error {
		if _, isText := rawjson.Text(value); !isText {
			return fmt.Errorf("%s, found %s", wanted, rawjson.Kind(value))
		}
		return text(new(string), func(s string) error {
			d, err := time.ParseDuration(s)
			if err != nil || d <= 0 {
				return fmt.Errorf("%s: %s, more than zero", fault.Quote(s), wanted)
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
		if rawjson.Kind(value) != "a number" {
			return unexpected("a number", value)
		}
		n, err := strconv.Atoi(string(value))
		if err != nil || n < 0 || n > most {
			return fmt.Errorf("%s: a whole number from 0 to %d is expected", fault.Quote(string(value)), most)
		}
		*into = n
		return nil
	}
}

// list reads a list of strings.
func list(into *[]string, right check) setter {
	return func(value json.RawMessage) error {
		texts, err := texts(value)
		if err != nil {
			return err
		}
		return take(into, texts, right)
	}
}

// orString reads one string too where a list is expected; an empty one is as good as
// none.
func orString(many setter, one func(text string) error) setter {
	return func(value json.RawMessage) error {
		switch rawjson.Kind(value) {
		case "a list":
			return many(value)
		case "a string":
			return text(new(string), one)(value)
		}
		return unexpected("a string or a list of strings", value)
	}
}

// paths reads a path or a list of paths.
func paths(into *[]string) setter {
	return orString(list(into, absolute), func(path string) error {
		if err := absolute(path); err != nil {
			return err
		}
		*into = []string{strings.TrimSpace(path)}
		return nil
	})
}

// namespaces reads a list of namespaces. Empty ones count as not there.
func namespaces(into *[]string) setter {
	return func(value json.RawMessage) error {
		given, err := texts(value)
		if err != nil {
			return err
		}
		return takeNamespaces(into, given)
	}
}

// commaNamespaces is namespaces that may also be one string with commas between them.
func commaNamespaces(into *[]string) setter {
	return orString(namespaces(into), func(text string) error { return takeNamespaces(into, strings.Split(text, ",")) })
}

func takeNamespaces(into *[]string, given []string) error {
	given = slices.DeleteFunc(given, func(s string) bool { return strings.TrimSpace(s) == "" })
	return take(into, given, name.Namespace)
}

// texts are the elements of a list of strings.
func texts(value json.RawMessage) ([]string, error) {
	elements, err := rawjson.Elements(value)
	if err != nil {
		return nil, unexpected("a list of strings", value)
	}
	all := make([]string, len(elements))
	for i, e := range elements {
		s, isText := rawjson.Text(e)
		if !isText {
			return nil, fmt.Errorf("element %d: %w", i+1, unexpected("a string", e))
		}
		all[i] = s
	}
	return all, nil
}

// take sets the list if all its elements are right.
func take(into *[]string, texts []string, right check) error {
	taken := make([]string, len(texts))
	var faults fault.List
	for i, s := range texts {
		taken[i] = strings.TrimSpace(s)
		if taken[i] == "" {
			faults.Addf("element %d is empty", i+1)
		} else if err := right(taken[i]); err != nil {
			faults.Addf("element %d: %w", i+1, err)
		}
	}
	if faults.Len() == 0 {
		*into = taken
	}
	return faults.Err()
}

// object reads a JSON object without looking into it.
func object(into *json.RawMessage) setter {
	return func(value json.RawMessage) error {
		if rawjson.Kind(value) != "an object" {
			return unexpected("an object", value)
		}
		*into = value
		return nil
	}
}

// members reads a JSON object by its keys, which are taken as they are, and each value
// as read does.
func members[T any](into *map[string]T, read func(into *T) setter) setter {
	return func(value json.RawMessage) error {
		o, err := rawjson.Nested(value)
		if err != nil {
			return err
		}
		all := make(map[string]T, o.Len())
		for _, m := range o.Members() {
			var one T
			if err := read(&one)(m.Value); err != nil {
				return fault.Under(fault.Key(m.Key), err)
			}
			all[m.Key] = one
		}
		*into = all
		return nil
	}
}

// absolute wants a path that means the same wherever Multus is run from.
func absolute(path string) error {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return fmt.Errorf("%s: an absolute path is expected", fault.Quote(path))
	}
	return nil
}

// network wants what a network of the cluster can be called by: its name, or the
// path of a file or directory.
func network(s string) error {
	if !strings.Contains(s, "/") {
		return name.Network(s)
	}
	if absolute(s) != nil {
		return fmt.Errorf("%s: an absolute path is expected, or a name without a namespace: that is multusNamespace", fault.Quote(s))
	}
	return nil
}
