package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/pflag"
)

// cli is what a subcommand has of its surroundings.
type cli struct {
	args   []string // without the program's and the subcommand's name
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// command is one subcommand.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, c cli) int
}

// Exit codes of the command line.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func commandTable() []command {
	return []command{
		{"explain", "the networks that a pod would get, and why", explain},
		{"validate", "check pods, networks and configurations in files", validate},
		{"try", "attach pods from files to scratch namespaces with the real plugins, no cluster needed", try},
		{"list", "the sandboxes and attachments recorded on this node", list},
		{"convert", "older Network objects, and pods that select them, as those of today", convert},
		{"version", "the version of this program and the CNI versions it speaks", version},
	}
}

// commandLine runs the subcommand that the arguments name.
func commandLine(ctx context.Context, c cli) int {
	if len(c.args) == 0 {
		usage(c.stderr)
		return exitUsage
	}
	name, rest := c.args[0], c.args[1:]
	switch name {
	case "help", "-h", "--help":
		if len(rest) == 0 {
			usage(c.stdout)
			return exitOK
		}
		name, rest = rest[0], []string{"--help"}
	case "--version":
		name = "version"
	}
	for _, cmd := range commandTable() {
		if cmd.name == name {
			c.args = rest
			return cmd.run(ctx, c)
		}
	}
	fmt.Fprintf(c.stderr, "multus: %q is no command; `multus help` lists them\n", name)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, `multus gives a pod several network interfaces.

Container runtimes execute it as a CNI plugin (CNI_COMMAND is set then) with a
configuration on standard input. For people it has these commands:

`)
	tw := tabwriter.NewWriter(w, 2, 0, 3, ' ', 0)
	for _, cmd := range commandTable() {
		fmt.Fprintf(tw, "  multus %s\t%s\n", cmd.name, cmd.summary)
	}
	_ = tw.Flush() // a terminal that is gone needs no help
	fmt.Fprint(w, "\n`multus COMMAND --help` says more about each.\n")
}

// flags are a subcommand's, with its help text.
func flags(c cli, name, help string) *pflag.FlagSet {
	fs := pflag.NewFlagSet("multus "+name, pflag.ContinueOnError)
	fs.SetOutput(c.stderr)
	fs.SortFlags = false
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), help)
		if text := fs.FlagUsages(); text != "" {
			fmt.Fprint(fs.Output(), "\nFlags:\n", text)
		}
	}
	return fs
}

// parse reads a subcommand's flags. stop says that there is nothing more to do,
// and with which exit code.
func parse(c cli, fs *pflag.FlagSet) (code int, stop bool) {
	for _, a := range c.args {
		if a == "--" {
			break
		}
		if a == "-h" || a == "--help" {
			fs.SetOutput(c.stdout)
		}
	}
	switch err := fs.Parse(c.args); {
	case errors.Is(err, pflag.ErrHelp):
		return exitOK, true
	case err != nil:
		fmt.Fprintf(c.stderr, "%s: %v; `%s --help` lists the flags\n", fs.Name(), err, fs.Name())
		return exitUsage, true
	}
	return exitOK, false
}

// parseAlone is parse for a subcommand that has nothing but flags.
func parseAlone(c cli, fs *pflag.FlagSet) (code int, stop bool) {
	if code, stop := parse(c, fs); stop {
		return code, true
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(c.stderr, "%s: %q: nothing but flags is expected; see `%s --help`\n", fs.Name(), fs.Arg(0), fs.Name())
		return exitUsage, true
	}
	return exitOK, false
}
