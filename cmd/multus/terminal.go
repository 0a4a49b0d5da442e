package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// onTerminal tells whether somebody watches.
func onTerminal(w io.Writer) bool {
	f, is := w.(*os.File)
	if !is {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// ANSI's colours.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// painted has words in colour that begin a line.
func painted(text string, colours map[string]string) string {
	var pairs []string
	for word, colour := range colours {
		pairs = append(pairs, "\n"+word+" ", "\n\x1b["+colour+"m"+word+"\x1b[0m ")
	}
	return strings.NewReplacer(pairs...).Replace("\n" + text)[1:]
}
