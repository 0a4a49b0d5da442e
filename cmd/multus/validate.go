package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/manifest"
)

const validateHelp = `Checks pods, workloads, NetworkAttachmentDefinitions, older Network objects and
multus configurations with the code that the plugin runs: every fault is told with
its file, object and key, and what to do about it. Looks at nothing but the files:
neither at a cluster nor at this machine's plugins and networks.

Pods are checked together with the networks that they name. With a multus
configuration among the files, what it demands counts: isolation, allowedPlugins,
legacyNetworks. Without one, a default network is taken for granted.

A warning is no fault: a network that is not among the files may be in the cluster,
a key that is not known is ignored. With --strict these are faults. Objects of other
kinds are left out.

The exit code is 1 if there is any fault.`

func validateCommand(c cli) *cobra.Command {
	var files []string
	var strict bool
	cmd := &cobra.Command{
		Use: "validate -f FILE...", Short: "Check pods, networks and configurations in files", Long: validateHelp,
		Example: `  multus validate -f pod.yaml -f networks/
  multus validate --strict -f deploy/
  multus convert -f old.yaml | multus validate -f -`,
		Args: filesOnly(&files),
		RunE: func(cmd *cobra.Command, _ []string) error { return ended(validate(cmd.Context(), c, files, strict)) },
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "`FILE` or folder with objects and configurations; - is standard input; repeatable")
	cmd.Flags().BoolVar(&strict, "strict", false, "take warnings for faults")
	return cmd
}

func validate(ctx context.Context, c cli, files []string, strict bool) int {
	objects, err := manifest.Read(c.stdin, files...)
	v := newValidation(objects, separate(err))
	for _, o := range objects.All() {
		v.object(ctx, o)
	}
	if err := v.report(c, strict); err != nil {
		fmt.Fprintln(c.stderr, "multus validate: standard output:", err)
		return exitFailed
	}
	if len(v.faults) > 0 || strict && len(v.warnings) > 0 {
		return exitFailed
	}
	return exitOK
}

// report prints a line for each finding, and one that sums up.
func (v *validation) report(c cli, strict bool) error {
	var lines []string
	for _, text := range v.objects.Warnings {
		lines = append(lines, "note: "+text)
	}
	faults, warnings := v.faults, v.warnings
	if strict {
		faults, warnings = append(faults, warnings...), nil
	}
	for _, text := range warnings {
		lines = append(lines, "warning: "+text)
	}
	lines = append(lines, faults...)
	verdict := count(len(v.objects.All()), "object") + " checked, no faults"
	if len(faults) > 0 {
		verdict = count(len(faults), "fault")
	}
	if len(warnings) > 0 {
		verdict += ", " + count(len(warnings), "warning")
	}
	lines = append(lines, verdict)
	_, err := fmt.Fprintln(c.stdout, strings.Join(lines, "\n"))
	return err
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
