package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// table has a row for each interface, which is in the first column that rows do not
// share, its network in the next.
type table struct {
	indent  string
	columns []string
	shared  int // columns that rows of one sandbox share
	rows    [][]string
}

// add adds a row.
func (t *table) add(cells ...string) {
	for i, cell := range cells {
		cells[i] = cmp.Or(cell, "-")
	}
	t.rows = append(t.rows, cells)
}

// fitting has a line for each row, or a few short ones where lines are no wider.
func (t *table) fitting(width int) []byte {
	if len(t.rows) == 0 {
		return nil
	}
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.columns}, t.rows...) {
		fmt.Fprintln(tw, t.indent+strings.Join(row, "\t"))
	}
	_ = tw.Flush() // into memory
	for line := range bytes.Lines(b.Bytes()) {
		if utf8.RuneCount(line)-1 > width {
			return t.blocks(width)
		}
	}
	return b.Bytes()
}

// blocks has a few short lines for each row, below what it shares with others.
func (t *table) blocks(width int) []byte {
	var b bytes.Buffer
	above := ""
	for _, row := range t.rows {
		if shared := strings.Join(row[:t.shared], "  "); shared != above {
			fmt.Fprintln(&b, shared)
			above = shared
		}
		fmt.Fprintf(&b, "  %s: %s\n", row[t.shared], row[t.shared+1])
		for i := t.shared + 2; i < len(row); i++ {
			if row[i] != "-" {
				wrap(&b, width, fmt.Sprintf("    %-10s", strings.ToLower(t.columns[i])), row[i])
			}
		}
	}
	return b.Bytes()
}

// wrap writes a text behind a label, in lines that are no longer than a terminal is
// wide, which end behind a space or a comma.
func wrap(b *bytes.Buffer, width int, label, text string) {
	line := label
	for word := range strings.SplitAfterSeq(text, " ") {
		for part := range strings.SplitAfterSeq(word, ",") {
			if len(line) > len(label) && len(line)+len(strings.TrimSpace(part)) > width {
				fmt.Fprintln(b, strings.TrimRight(line, " "))
				line = strings.Repeat(" ", len(label))
			}
			line += part
		}
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}
