package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/manifest"
)

// streams are standard input, output and error, and how the program was called.
type streams struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	called string // as help and messages are to name the program; empty: multus
}

// warn tells what is no fault, a line each.
func (s streams) warn(texts ...string) {
	for _, text := range texts {
		fmt.Fprintln(s.err, "warning:", text)
	}
}

// read reads objects from files, and tells what of them is left out.
func (s streams) read(files ...string) (*manifest.Objects, error) {
	objects, err := manifest.Read(s.in, files...)
	s.warn(objects.Warnings...)
	return objects, err
}

// Exit codes of the command line.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// exitCode ends a subcommand that has said all there is to say, or went well.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// commandLine runs the subcommand that the arguments name.
func commandLine(ctx context.Context, std streams, args []string) int {
	root := newRoot(std)
	started := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := cmd.ValidateFlagGroups() // cobra itself looks later
		started = err == nil
		return err
	}
	switch {
	case len(args) == 0:
		root.SetOut(std.err)
	case args[0] == "help": // the same in whatever way it is asked for
		args = append(args[1:len(args):len(args)], "--help")
	case args[0] == "--version":
		args = []string{"version"}
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	var code exitCode
	switch {
	case errors.As(err, &code):
		return int(code)
	case err != nil && started:
		return complain(std, cmd.CommandPath(), err)
	case err != nil:
		hint := ""
		if similar := root.SuggestionsFor(args[0]); cmd == root && len(similar) > 0 {
			name := root.CommandPath()
			hint = fmt.Sprintf("; did you mean `%s %s`?", name, strings.Join(similar, "` or `"+name+" "))
		}
		fmt.Fprintf(std.err, "%s: %v%s; see `%[1]s --help`\n", cmd.CommandPath(), err, hint)
		return exitUsage
	case len(args) == 0:
		return exitUsage
	}
	return exitOK
}

// complain prints each fault of an error on a line of its own.
func complain(std streams, command string, err error) int {
	for _, f := range fault.All(err) {
		fmt.Fprintf(std.err, "%s: %s\n", command, flat(f.Error()))
	}
	return exitFailed
}

// flat is a text without line breaks, for lists with a line for each.
func flat(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "; ")
}

// newRoot is the command line with all its subcommands.
func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "multus",
		Short: "Multus gives a pod several network interfaces",
		Long: `Multus gives a pod several network interfaces.

Container runtimes execute it as a CNI plugin (CNI_COMMAND is set then) with a
configuration on standard input. For people it has the commands below.`,
		SilenceErrors: true, SilenceUsage: true,
		DisableSuggestions: true, SuggestionsMinimumDistance: 2, // commandLine suggests
	}
	if std.called != "" {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: std.called}
	}
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.AddCommand(explainCommand(std), validateCommand(std), tryCommand(std), convertCommand(std),
		listCommand(std), doctorCommand(std), gcCommand(std), forgetCommand(std), installCommand(std), uninstallCommand(std),
		versionCommand(std), tidyLogCommand())
	root.SetUsageFunc(usage)
	root.InitDefaultCompletionCmd()
	requireShell(root)
	return root
}

// requireShell has completion say what it expects, where it has nothing to do.
func requireShell(root *cobra.Command) {
	// The command was made just now: nothing can be wrong.
	completion, _, _ := root.Find([]string{"completion"})
	completion.Example = "  multus completion bash >/etc/bash_completion.d/multus\n  source <(multus completion zsh)"
	completion.Args = func(*cobra.Command, []string) error {
		return errors.New("one of bash, fish, powershell, zsh is expected")
	}
	completion.Run = func(*cobra.Command, []string) {}
}

// usage is cobra's own in 80 columns. Its templates would do it too, but with one of
// them in use the linker keeps every method there is: 3 MB more.
func usage(cmd *cobra.Command) error {
	out := cmd.OutOrStderr()
	fmt.Fprint(out, "Usage:")
	if cmd.Runnable() {
		fmt.Fprintf(out, "\n  %s", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n  %s [command]", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(out, "\n\nExamples:\n%s", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(out, "\n\nAvailable Commands:")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(out, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	for _, group := range []string{groupOwn, groupKeys, groupOlder} {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if groupOf(flag) == group {
				flags.AddFlag(flag)
			}
		})
		if flags.HasAvailableFlags() {
			fmt.Fprintf(out, "\n\n%s:\n%s", group, strings.TrimRight(flags.FlagUsagesWrapped(columns), "\n"))
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n\nUse %q for more information about a command.", cmd.CommandPath()+" [command] --help")
	}
	_, err := fmt.Fprintln(out)
	return err
}

func groupOf(flag *pflag.Flag) string {
	for _, group := range []string{groupKeys, groupOlder} {
		if _, in := flag.Annotations[group]; in {
			return group
		}
	}
	return groupOwn
}

// filesOnly is for a subcommand that takes its files, and nothing else, with -f.
func filesOnly(files *[]string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
			return fmt.Errorf("%q: files are given with -f", args[0])
		case len(*files) == 0:
			return errors.New("no files given: -f FILE")
		}
		return nil
	}
}

// binFlag adds --bin, whose directories have to be there.
func binFlag(flags *pflag.FlagSet, dirs *[]string) {
	flags.Func("bin", "`DIR` to look for plugins in first; repeatable", func(dir string) error {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return errors.New("no such directory")
		}
		dir, err := filepath.Abs(dir)
		*dirs = append(*dirs, dir)
		return err
	})
}
