package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// onTerminal tells whether a stream is somebody's terminal.
func onTerminal(stream any) bool {
	f, is := stream.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// columns is how wide what is no terminal is taken to be, and help is.
const columns = 80

// width is how many columns the terminal has.
func width(w io.Writer) int {
	if f, is := w.(*os.File); is {
		if wide, _, err := term.GetSize(int(f.Fd())); err == nil && wide > 0 {
			return max(wide, columns/2)
		}
	}
	return columns
}

// progress says what is being done, to whoever watches, once it has taken a second.
func progress(std streams, what string) (done func()) {
	if !onTerminal(std.err) {
		return func() {}
	}
	soon := time.AfterFunc(time.Second, func() { fmt.Fprintln(std.err, what+" ...") })
	return func() { soon.Stop() }
}

// ANSI's colours.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// coloured has words in colour that begin a line, for those who watch and have not
// asked for none.
func coloured(w io.Writer, text []byte, colours map[string]string) []byte {
	if !onTerminal(w) || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return painted(text, colours)
}

// painted has words in colour that begin a line.
func painted(text []byte, colours map[string]string) []byte {
	text = append([]byte("\n"), text...)
	for word, colour := range colours {
		text = bytes.ReplaceAll(text, []byte("\n"+word+" "), []byte("\n\x1b["+colour+"m"+word+"\x1b[0m "))
	}
	return text[1:]
}
