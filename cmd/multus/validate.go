package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/lint"
	"github.com/multus-cni/multus/pkg/manifest"
)

const validateHelp = `Checks pods, workloads, NetworkAttachmentDefinitions, older Network objects and
multus configurations with the code that the plugin runs: every fault is told
with its file, object and key, and what to do about it. Looks at nothing but the
files: neither at a cluster nor at this machine's plugins and networks.

Pods are checked together with the networks that they name. With a multus
configuration among the files, what it demands counts: isolation,
allowedPlugins, legacyNetworks. Without one, a default network is taken for
granted.

The configurations of the CNI project's plugins, and of sriov, ovs, bond and
whereabouts, are checked for what these plugins refuse: types, missing keys,
ranges. Other plugins and other keys are never a fault.

A warning is no fault: a network that is not among the files may be in the
cluster, a key that is not known is ignored, two replicas may not run at a time.
With --strict these are faults. Objects of other kinds are left out.

The exit code is 1 if there is any fault, and 2 for a command that is not
understood.`

func validateCommand(std streams) *cobra.Command {
	var opts validateOptions
	cmd := &cobra.Command{
		Use: "validate -f FILE...", Short: "Check pods, networks and configurations in files", Long: validateHelp,
		Example: `  multus validate -f pod.yaml -f networks/
  multus validate --strict -f deploy/
  helm template . | multus validate -o github -f -
  multus convert -f old.yaml | multus validate -f -`,
		Args: filesOnly(&opts.files),
		RunE: func(cmd *cobra.Command, _ []string) error { return validate(cmd.Context(), std, opts) },
	}
	cmd.Flags().StringArrayVarP(&opts.files, "file", "f", nil, "`FILE` or directory with objects and configurations; - is standard input; repeatable")
	cmd.Flags().BoolVar(&opts.strict, "strict", false, "take warnings for faults")
	opts.output.flag(cmd, "text, json, github (annotations of a workflow) or sarif", "text", "json", "github", "sarif")
	return cmd
}

type validateOptions struct {
	files  []string
	strict bool
	output output
}

func validate(ctx context.Context, std streams, opts validateOptions) error {
	objects, err := manifest.Read(std.in, opts.files...)
	r := report{objects: len(objects.All()), notes: objects.Warnings}
	for _, f := range fault.All(err) {
		r.findings = append(r.findings, lint.Finding{Fault: f})
	}
	for _, f := range lint.Check(ctx, objects) {
		f.Warning = f.Warning && !opts.strict
		r.findings = append(r.findings, f)
	}
	value, text := r.json(), coloured(std.out, r.lines(), map[string]string{"warning:": yellow, "note:": cyan})
	switch opts.output.format {
	case "sarif":
		value = r.sarif()
	case "github":
		text = r.github()
	}
	if err := opts.output.print(std, value, text); err != nil {
		return err
	}
	if r.count(false) > 0 {
		return exitCode(exitFailed)
	}
	return nil
}
