package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/state"
)

func forgetCommand(std streams) *cobra.Command {
	var opts nodeOptions
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget SANDBOX",
		Short: "Give up a sandbox that can never be detached; list what is left",
		Long: `Tries for a last time to detach a sandbox, and removes its record whatever comes
of it: the way out where a plugin is gone for good, and with it every DEL. What
is left behind, such as addresses that stay taken, is listed: nothing knows of
it thereafter, and the exit code is 1.

SANDBOX is the container ID, or the beginning of it, as "multus list" shows it.`,
		Example: `  multus forget 3f2a81c09b7e4
  multus forget --yes --state /run/multus-try/0a1b2c3d/state multus-try-first`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("one SANDBOX is expected")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			plugin, err := opts.plugin(std, "forget")
			if err != nil {
				return err
			}
			k, err := sandboxNamed(plugin.State, args[0])
			if err != nil {
				return err
			}
			if !yes && !confirmed(std, plugin.State, k) {
				return errors.New("not confirmed; nothing was done")
			}
			return forget(cmd.Context(), std, plugin, k)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// sandboxNamed is the one recorded sandbox whose container ID is this, else begins so.
func sandboxNamed(dir state.Dir, id string) (state.Key, error) {
	keys, err := dir.Keys()
	whole := slices.ContainsFunc(keys, func(k state.Key) bool { return k.ContainerID == id })
	found := slices.DeleteFunc(keys, func(k state.Key) bool {
		return k.ContainerID != id && (whole || !strings.HasPrefix(k.ContainerID, id))
	})
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		err = fmt.Errorf("it may be any of %v", found)
	case err == nil:
		err = errors.New("no record of it; `multus list` shows those that are recorded")
	}
	return state.Key{}, fmt.Errorf("sandbox %s: %w", id, err)
}

// confirmed shows what is about to be forgotten, and asks.
func confirmed(std streams, dir state.Dir, k state.Key) bool {
	rec, err := dir.Load(k)
	if err != nil {
		fmt.Fprintln(std.out, err)
	} else {
		_, _ = std.out.Write(listTable([]listing{listingOf(dir, rec)}, false).fitting(width(std.out)))
	}
	if _, err := os.Stat(rec.Sandbox.NetNS); err == nil {
		fmt.Fprintf(std.out, "\nIts network namespace %s is still there: its pod may be running.\n", rec.Sandbox.NetNS)
	}
	fmt.Fprintf(std.out, "\nDetach sandbox %s as far as that works, and forget it? [y/N] ", k)
	answer, _ := bufio.NewReader(std.in).ReadString('\n') // none is no
	fmt.Fprintln(std.out)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

func forget(ctx context.Context, std streams, plugin multus.Plugin, k state.Key) error {
	done := progress(std, "detaching")
	forgotten, err := plugin.Forget(ctx, k)
	done()
	switch {
	case err != nil:
		return err
	case forgotten.Why == nil:
		fmt.Fprintf(std.out, "sandbox %s: detached, nothing is left behind\n", k)
	case len(forgotten.Left) == 0:
		fmt.Fprintf(std.out, "sandbox %s: forgotten; what it was attached to is not known\n", k)
	default:
		fmt.Fprintf(std.out, "sandbox %s: forgotten; left behind:\n", k)
	}
	for _, a := range forgotten.Left {
		_, addresses := foundOn(a)
		fmt.Fprintln(std.out, " ", strings.Join(append([]string{a.Interface, a.Network}, addresses...), " "))
	}
	return forgotten.Why
}
