// Command tally reads the events of `go test -json` from standard input, prints
// one line for each package and everything about what failed, and adds the
// numbers of tests passed, failed and skipped to a file.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
)

// module is cut from package names: it is the same in all of them.
const module = "github.com/multus-cni/multus/"

func main() {
	count := flag.String("count", "", "append a line `passed failed skipped` to this file")
	flag.Parse()
	t := newTally(os.Stdout)
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	if err := t.save(*count); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	if t.failed > 0 {
		os.Exit(1)
	}
}

// read takes events to the end. A line that is no event is passed on as it is.
func (t *tally) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			t.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		_, _ = t.out.Write(line)
		return
	}
	t.take(e)
}

// save appends the numbers to a file, where one is named.
func (t *tally) save(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(file, t.passed, t.failed, t.skipped); err != nil {
		return err
	}
	return file.Close()
}
