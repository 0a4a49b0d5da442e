package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/manifest"
)

const validateHelp = `Usage: multus validate -f FILE... [--strict]

Checks pods, workloads, NetworkAttachmentDefinitions, older Network objects and
multus configurations with the code that the plugin runs: every fault is told with
its file, object and key, and what to do about it. Looks at nothing but the files:
neither at a cluster nor at this machine's plugins and networks.

Pods are checked together with the networks that they name. With a multus
configuration among the files, what it demands counts: isolation, allowedPlugins,
legacyNetworks. Without one, a default network is taken for granted.

A warning is no fault: a network that is not among the files may be in the cluster,
a key that is not known is ignored. With --strict these are faults. Objects of other
kinds are left out.

The exit code is 1 if there is any fault.

Examples:
  multus validate -f pod.yaml -f networks/
  multus validate --strict -f deploy/
  multus convert -f old.yaml | multus validate -f -
`

// validate is the subcommand.
func validate(ctx context.Context, c cli) int {
	files, strict, code, stop := validateFlags(c)
	if stop {
		return code
	}
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

func validateFlags(c cli) (files []string, strict bool, code int, stop bool) {
	fs := flags(c, "validate", validateHelp)
	fs.StringArrayVarP(&files, "file", "f", nil, "`FILE` or folder with objects and configurations; - is standard input; repeatable")
	fs.BoolVar(&strict, "strict", false, "take warnings for faults")
	if code, stop = parse(c, fs); stop {
		return nil, false, code, true
	}
	var err error
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("%q: files are given with -f", fs.Arg(0))
	case len(files) == 0:
		err = errors.New("no files given: -f FILE")
	default:
		return files, strict, exitOK, false
	}
	fmt.Fprintf(c.stderr, "multus validate: %v; see `multus validate --help`\n", err)
	return nil, false, exitUsage, true
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
