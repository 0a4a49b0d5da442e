package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/lint"
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
		RunE: func(cmd *cobra.Command, _ []string) error { return validate(cmd.Context(), c, files, strict) },
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "`FILE` or folder with objects and configurations; - is standard input; repeatable")
	cmd.Flags().BoolVar(&strict, "strict", false, "take warnings for faults")
	return cmd
}

func validate(ctx context.Context, c cli, files []string, strict bool) error {
	objects, err := manifest.Read(c.stdin, files...)
	v := verdict{objects: len(objects.All())}
	for _, note := range objects.Warnings {
		v.lines = append(v.lines, "note: "+note)
	}
	for _, f := range fault.All(err) {
		v.add(lint.Finding{Fault: f})
	}
	for _, f := range lint.Check(ctx, objects) {
		f.Warning = f.Warning && !strict
		v.add(f)
	}
	if _, err := fmt.Fprintln(c.stdout, strings.Join(append(v.lines, v.String()), "\n")); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if v.faults > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

// verdict has a line for each finding, and one that sums up.
type verdict struct {
	lines                     []string
	objects, faults, warnings int
}

func (v *verdict) add(f lint.Finding) {
	text := flat(f.Error())
	if f.Warning {
		v.warnings++
		text = "warning: " + text
	} else {
		v.faults++
	}
	v.lines = append(v.lines, text)
}

// String sums up.
func (v *verdict) String() string {
	text := count(v.objects, "object") + " checked, no faults"
	if v.faults > 0 {
		text = count(v.faults, "fault")
	}
	if v.warnings > 0 {
		text += ", " + count(v.warnings, "warning")
	}
	return text
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
