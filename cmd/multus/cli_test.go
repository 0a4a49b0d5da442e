package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// What people read first fits a terminal.
func TestHelpFitsATerminal(t *testing.T) {
	root := newRoot(streams{})
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		var help bytes.Buffer
		cmd.SetOut(&help)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		if !cmd.HasExample() && cmd != root && !cmd.Hidden && cmd.Name() != "help" {
			t.Errorf("%s --help has no example", cmd.Name())
		}
		for line := range strings.Lines(help.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns && len(strings.Fields(line)) > 1 {
				t.Errorf("%s --help: %d columns: %s", cmd.Name(), n, line)
			}
		}
	}
}
