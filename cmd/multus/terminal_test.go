package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPainted(t *testing.T) {
	got := painted([]byte("fault    a  fault b\nok       c\n\n1 fault, 1 ok\nfaulty\n"), map[string]string{"fault": red, "ok": green})
	want := "\x1b[31mfault\x1b[0m    a  fault b\n\x1b[32mok\x1b[0m       c\n\n1 fault, 1 ok\nfaulty\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if onTerminal(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
}

func TestWrap(t *testing.T) {
	tests := map[string]string{
		"one two three four five six":           "  label one two three\n        four five six\n",
		"a":                                     "  label a\n",
		"":                                      "  label\n",
		`ips ["10.0.0.1/24","10.0.0.2/24"] mac`: "  label ips\n        [\"10.0.0.1/24\",\n        \"10.0.0.2/24\"]\n        mac\n",
	}
	for text, want := range tests {
		var b bytes.Buffer
		if wrap(&b, 24, "  label ", text); b.String() != want {
			t.Errorf("%s:\n%s", text, &b)
		}
	}
}
