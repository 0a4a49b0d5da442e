package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/fault"
)

// streams are standard input, output and error, and how the program was called.
type streams struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	called string // as help and messages are to name the program; empty: multus
}

// Exit codes of the command line.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// exitCode ends a subcommand that has said all there is to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// ended is the exit code of a subcommand as its error.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return exitCode(code)
}

// commandLine runs the subcommand that the arguments name.
func commandLine(ctx context.Context, std streams, args []string) int {
	root := newRoot(std)
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
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
	var shells []string
	for _, c := range completion.Commands() {
		shells = append(shells, c.Name())
	}
	completion.Example = "  multus completion bash >/etc/bash_completion.d/multus\n  source <(multus completion zsh)"
	completion.Args = func(*cobra.Command, []string) error {
		return fmt.Errorf("one of %s is expected", strings.Join(shells, ", "))
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
	if cmd.HasAvailableLocalFlags() {
		for _, group := range []string{"Flags", groupKeys, groupOlder} {
			if flags := grouped(cmd.LocalFlags(), group); flags.HasAvailableFlags() {
				fmt.Fprintf(out, "\n\n%s:\n%s", group, strings.TrimRight(flags.FlagUsagesWrapped(columns), "\n"))
			}
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n\nUse %q for more information about a command.", cmd.CommandPath()+" [command] --help")
	}
	_, err := fmt.Fprintln(out)
	return err
}

// grouped are the flags that are annotated with a group; the first group has all that
// are in none.
func grouped(all *pflag.FlagSet, group string) *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.VisitAll(func(flag *pflag.Flag) {
		_, keys := flag.Annotations[groupKeys]
		_, older := flag.Annotations[groupOlder]
		if group == groupKeys && keys || group == groupOlder && older || group == "Flags" && !keys && !older {
			flags.AddFlag(flag)
		}
	})
	return flags
}

// noArguments is for a subcommand that has nothing but flags.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q: nothing but flags is expected", args[0])
	}
	return nil
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

// formats are what a flag for the output takes, for shells to complete.
func formats(cmd *cobra.Command, names ...string) {
	// The flag exists: nothing else can be wrong.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// checkBin refuses a directory of --bin that is none.
func checkBin(dirs []string) error {
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("--bin %s: no such directory", dir)
		}
	}
	return nil
}
