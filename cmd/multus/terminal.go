package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// onTerminal tells whether a stream is somebody's terminal.
func onTerminal(stream any) bool {
	f, is := stream.(*os.File)
	if !is {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// columns is how wide what is no terminal is taken to be, and help is.
const columns = 80

// width is how many columns the terminal has.
func width(w io.Writer) int {
	f, is := w.(*os.File)
	if !is {
		return columns
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return columns
	}
	return max(int(size.Col), columns/2)
}

// progress says what is being done, to whoever watches, once it has taken a second.
func progress(std streams, what string) (done func()) {
	if !onTerminal(std.err) {
		return func() {}
	}
	soon := time.AfterFunc(time.Second, func() { fmt.Fprintln(std.err, what+" ...") })
	return func() { soon.Stop() }
}

// coloured has words in colour that begin a line, for those who watch and have not
// asked for none.
func coloured(w io.Writer, text []byte, colours map[string]string) []byte {
	if !onTerminal(w) || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return []byte(painted(string(text), colours))
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
