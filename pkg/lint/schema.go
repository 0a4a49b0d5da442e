package lint

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// schema is what a known plugin reads of its configuration. Keys that it does not
// name are nobody's fault: the plugin may be newer.
type schema struct {
	keys     map[string]kind
	required []string
	oneOf    []string    // at least one of them
	apart    [][2]string // not together
	chained  bool        // it needs the result of a plugin before it
	since    string      // the first version of CNI that it speaks; empty: all
	check    func(settings) []problem
}

// kind tells what is expected of a value; nothing where it is as expected.
type kind func(value json.RawMessage) string

// problem is what is wrong with a part of a configuration.
type problem struct {
	key, what, cure string
	odd             bool // the plugin takes it
}

func text(value json.RawMessage) string    { return of("a string", value) }
func boolean(value json.RawMessage) string { return of("true or false", value) }
func object(value json.RawMessage) string  { return of("an object", value) }

// of expects a kind of JSON.
func of(kind string, value json.RawMessage) string { return expect(kind, rawjson.Kind(value) == kind) }

// expect is what is expected where it is not so.
func expect(what string, so bool) string {
	if so {
		return ""
	}
	return what
}

// number is a whole number within bounds.
func number(least, most int64) kind {
	expected := fmt.Sprintf("a whole number from %d to %d", least, most)
	if most >= math.MaxInt32 {
		expected = fmt.Sprintf("a whole number of at least %d", least)
	}
	return func(value json.RawMessage) string {
		n, err := strconv.ParseInt(string(value), 10, 64)
		return expect(expected, err == nil && n >= least && n <= most)
	}
}

// word is one of the strings, or the empty one, which counts as none.
func word(known ...string) kind {
	return func(value json.RawMessage) string {
		s, is := rawjson.Text(value)
		return expect("one of "+fault.QuoteAll(known), is && (s == "" || slices.Contains(known, s)))
	}
}

// listOf is a list of values of a kind.
func listOf(element kind) kind {
	return func(value json.RawMessage) string {
		elements, err := rawjson.Elements(value)
		if err != nil {
			return "a list"
		}
		for _, e := range elements {
			if expected := element(e); expected != "" {
				return "a list of which each element is " + expected
			}
		}
		return ""
	}
}

// texts is an object whose values are all strings.
func texts(value json.RawMessage) string {
	var all map[string]string
	return expect("an object of strings", json.Unmarshal(value, &all) == nil)
}

// formed is a string that is empty or can be parsed.
func formed[T any](value json.RawMessage, expected string, parse func(string) (T, error)) string {
	s, is := rawjson.Text(value)
	_, err := parse(s)
	return expect(expected, is && (s == "" || err == nil))
}

// link is the name of a network interface.
func link(value json.RawMessage) string {
	return formed(value, "the name of an interface (at most 15 bytes)", func(s string) (string, error) { return s, name.Interface(s) })
}

func mac(value json.RawMessage) string {
	return formed(value, "a MAC address such as 02:00:00:00:00:01", net.ParseMAC)
}

func address(value json.RawMessage) string {
	return formed(value, "an IP address without a prefix length", netip.ParseAddr)
}

const withLength = "an IP address with a prefix length, such as 10.1.2.0/24"

func prefix(value json.RawMessage) string { return formed(value, withLength, netip.ParsePrefix) }

// routes is a list of routes, as results have them.
func routes(value json.RawMessage) string {
	return listOf(func(value json.RawMessage) string {
		o, _ := rawjson.Nested(value)
		dst, given := o.Folded("dst")
		gw, via := o.Folded("gw")
		switch {
		case !given:
			return `an object with "dst"`
		case prefix(dst) != "":
			return `an object with "dst", ` + prefix(dst)
		case via && address(gw) != "":
			return `an object with "gw", ` + address(gw)
		}
		return ""
	})(value)
}

// problems are what is wrong with an object by the schema. Keys count in any case,
// as encoding/json reads them, which the plugins use.
func (s schema) problems(o rawjson.Object, read settings) []problem {
	var all []problem
	for _, m := range o.Members() {
		for key, is := range s.keys {
			if strings.EqualFold(key, m.Key) && string(m.Value) != "null" {
				all = append(all, mismatch(m, is)...)
			}
		}
	}
	given := func(key string) bool {
		value, is := o.Folded(key)
		return is && !slices.Contains([]string{"null", "false", `""`, "{}"}, string(value))
	}
	for _, key := range s.required {
		if !given(key) {
			all = append(all, problem{key: key, what: "is missing"})
		}
	}
	if len(s.oneOf) > 0 && !slices.ContainsFunc(s.oneOf, given) {
		all = append(all, problem{what: "one of the keys " + fault.QuoteAll(s.oneOf) + " is expected"})
	}
	for _, keys := range s.apart {
		if given(keys[0]) && given(keys[1]) {
			all = append(all, problem{key: keys[1], what: "cannot be together with " + fault.Quote(keys[0]), cure: "take one of them out"})
		}
	}
	if s.check != nil && len(all) == 0 {
		all = s.check(read)
	}
	return all
}

// mismatch says that a value is not of its kind.
func mismatch(m rawjson.Member, is kind) []problem {
	expected := is(m.Value)
	if expected == "" {
		return nil
	}
	p := wrong(m.Key, m.Value, expected)
	if bare, quoted := rawjson.Text(m.Value); quoted && is(json.RawMessage(bare)) == "" {
		p.cure = "leave the quotes out"
	}
	return []problem{p}
}

// wrong says that a value is not what is expected.
func wrong(key string, value json.RawMessage, expected string) problem {
	const most = 60
	return problem{key: key, what: fmt.Sprintf("%s where %s is expected", fault.Clip(string(value), most), expected)}
}
