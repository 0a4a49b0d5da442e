package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// output is the flag -o: one of the formats that a command prints.
type output struct {
	format  string
	formats []string
}

// flag adds it to a command; the first format is what is printed without it.
func (o *output) flag(cmd *cobra.Command, usage string, formats ...string) {
	o.format, o.formats = formats[0], formats
	cmd.Flags().VarP(o, "output", "o", "`FORMAT`: "+usage)
	complete := cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("output", complete) // the flag exists
}

func (o *output) String() string { return o.format }
func (o *output) Type() string   { return "string" }

func (o *output) Set(format string) error {
	if !slices.Contains(o.formats, format) {
		return fmt.Errorf("one of %s is expected", strings.Join(o.formats, ", "))
	}
	o.format = format
	return nil
}

// print writes a value where its data is asked for, else the text.
func (o *output) print(std streams, value any, text []byte) error {
	var err error
	switch o.format {
	case "json", "sarif":
		text, err = indented(value)
	case "yaml":
		if text, err = indented(value); err == nil {
			text, err = yaml.JSONToYAML(text)
		}
	}
	if err == nil {
		_, err = std.out.Write(text)
	}
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// indented is a value as JSON for people.
func indented(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return b.Bytes(), err
}
