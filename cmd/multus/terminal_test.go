package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPainted(t *testing.T) {
	got := painted("fault    a  fault b\nok       c\n\n1 fault, 1 ok\nfaulty\n", map[string]string{"fault": red, "ok": green})
	want := "\x1b[31mfault\x1b[0m    a  fault b\n\x1b[32mok\x1b[0m       c\n\n1 fault, 1 ok\nfaulty\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if onTerminal(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
}
