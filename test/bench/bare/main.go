// Bare executes a plugin a number of times, one after another, each with the
// environment and the standard input that it got itself, and does nothing else:
// what a meta-plugin costs is compared with what this costs.
//
//	bare PLUGIN COUNT <conf.json
package main

import (
	"errors"
	"io"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = os.Stderr.WriteString("bare: " + err.Error() + "\n") // there is nowhere else to complain
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: bare PLUGIN COUNT <conf.json")

func run(args []string) error {
	if len(args) != 2 {
		return errUsage
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	conf, err := io.ReadAll(os.Stdin)
	for i := 0; i < count && err == nil; i++ {
		err = execute(args[0], conf)
	}
	return err
}

// execute runs the plugin once and takes what it prints, as a runtime has to.
func execute(plugin string, conf []byte) error {
	stdin, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	process, err := os.StartProcess(plugin, []string{plugin}, &os.ProcAttr{
		Env: os.Environ(), Files: []*os.File{stdin, stdout, os.Stderr},
	})
	if err := errors.Join(err, stdin.Close(), stdout.Close()); err != nil {
		return err
	}
	_, err = in.Write(conf)
	if err := errors.Join(err, in.Close()); err != nil {
		return err
	}
	printed, err := io.ReadAll(out)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	state, err := process.Wait()
	if err != nil {
		return err
	}
	if !state.Success() {
		return errors.New(plugin + ": " + state.String() + ": " + string(printed))
	}
	return nil
}
