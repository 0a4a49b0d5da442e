package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// text reads a string that is right. Here and wherever a string is a key's value, an
// empty one is as good as leaving the key out.
func text(into *string, right func(string) error) rawjson.Setter {
	return rawjson.Optional(rawjson.String(into, right))
}

// choice reads one of a few words.
func choice(into *string, words ...string) rawjson.Setter {
	return rawjson.Optional(rawjson.Choice(into, words...))
}

// duration reads a span of time that is more than none.
func duration(into *time.Duration) rawjson.Setter {
	return rawjson.Optional(func(value json.RawMessage) error {
		s, _ := rawjson.Text(value)
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return fmt.Errorf(`%s: a duration such as "45s" or "2m" is expected, more than zero`, rawjson.Shown(value))
		}
		*into = d
		return nil
	})
}

// keep keeps a value as it is.
func keep(into *json.RawMessage) rawjson.Setter {
	return func(value json.RawMessage) error {
		*into = value
		return nil
	}
}

// object keeps an object without looking into it.
func object(into *json.RawMessage) rawjson.Setter {
	return func(value json.RawMessage) error {
		if rawjson.Kind(value) != "an object" {
			return rawjson.Unexpected("an object", value)
		}
		return keep(into)(value)
	}
}

// trimmed drops the white space around a string: in lists, as in "a, b", it is no part of
// what is meant.
func trimmed(set rawjson.Setter) rawjson.Setter {
	return func(value json.RawMessage) error {
		if text, isText := rawjson.Text(value); isText {
			value = rawjson.Quote(strings.TrimSpace(text))
		}
		return set(value)
	}
}

// list reads a list of strings that are right.
func list(into *[]string, right func(string) error) rawjson.Setter {
	return rawjson.List(into, func(s *string) rawjson.Setter { return trimmed(rawjson.String(s, right)) })
}

// paths reads a path or a list of paths.
func paths(into *[]string) rawjson.Setter {
	return orString(list(into, absolute), func(path string) []string { return []string{path} })
}

// namespaces reads a list of namespaces. Empty ones count as not there.
func namespaces(into *[]string) rawjson.Setter {
	return func(value json.RawMessage) error {
		err := rawjson.List(into, func(s *string) rawjson.Setter { return trimmed(text(s, name.Namespace)) })(value)
		*into = slices.DeleteFunc(*into, func(s string) bool { return s == "" })
		return err
	}
}

// commaNamespaces is namespaces that may also be one string with commas between them.
func commaNamespaces(into *[]string) rawjson.Setter {
	return orString(namespaces(into), func(text string) []string { return strings.Split(text, ",") })
}

// orString reads one string too where a list is expected, as the list that it is split
// into.
func orString(many rawjson.Setter, split func(string) []string) rawjson.Setter {
	return rawjson.Optional(func(value json.RawMessage) error {
		if text, isText := rawjson.Text(value); isText {
			value, _ = json.Marshal(split(text)) // strings always marshal
		}
		return many(value)
	})
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
