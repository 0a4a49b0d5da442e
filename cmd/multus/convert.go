package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/manifest"
)

const convertHelp = `Reads the older kubernetes.com/v1 Network objects and the pods, and workloads,
that select them with the annotation "networks", and prints as YAML what does the
same today:
  - for each Network, a NetworkAttachmentDefinition of its name and namespace;
  - each pod with its first network, eth0, in v1.multus-cni.io/default-network,
    and the others, net0 and so on, in k8s.v1.cni.cncf.io/networks. Nothing else
    of it changes, but comments and the order of keys are lost.
Everything else in the files is left out. Nothing is changed anywhere: apply the
output when you are ready. docs/legacy.md has the whole way, step by step.

If the multus configuration is among the files, what of it would give converted
pods other networks than before is told as well.

Warnings, and what could not be converted, go to standard error; the exit code
is 1 if anything could not.`

func convertCommand(c cli) *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use: "convert -f FILE...", Short: "Print older Network objects, and pods that select them, as those of today", Long: convertHelp,
		Example: `  multus convert -f old/ >new.yaml
  multus convert -f old.yaml | multus validate -f -
  kubectl get networks.kubernetes.com,pods -A -o yaml | multus convert -f -`,
		Args: filesOnly(&files),
		RunE: func(cmd *cobra.Command, _ []string) error { return ended(convert(cmd.Context(), c, files)) },
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "`FILE` or folder with objects; - is standard input; repeatable")
	return cmd
}

func convert(ctx context.Context, c cli, files []string) int {
	objects, err := manifest.Read(c.stdin, files...)
	cv := conversion{objects: objects}
	cv.warnings = append(cv.warnings, objects.Warnings...)
	cv.faults = append(cv.faults, separate(err)...)
	cv.all(ctx)
	if err := printDocuments(c.stdout, cv.documents); err != nil {
		cv.faults = append(cv.faults, err)
	}
	for _, w := range cv.warnings {
		fmt.Fprintln(c.stderr, "warning:", w)
	}
	for _, f := range cv.faults {
		fmt.Fprintln(c.stderr, "multus convert:", flat(f))
	}
	switch {
	case len(cv.faults) > 0:
		return exitFailed
	case len(cv.documents) == 0:
		fmt.Fprintln(c.stderr, "multus convert: nothing to convert: no Network object of kubernetes.com/v1 is in the files, and no pod selects one")
	}
	return exitOK
}

// conversion gathers what comes of the objects of some files.
type conversion struct {
	objects   *manifest.Objects
	documents []json.RawMessage
	warnings  []string
	faults    []error
	homeless  []string // pods without a namespace whose annotation has to name one
}

func (cv *conversion) warn(format string, args ...any) {
	cv.warnings = append(cv.warnings, fmt.Sprintf(format, args...))
}

// all converts the objects in the order of the files.
func (cv *conversion) all(ctx context.Context) {
	var conf *manifest.Object
	pods := 0
	for _, o := range cv.objects.All() {
		var converted json.RawMessage
		var err error
		switch o.Kind {
		case "":
			conf = &o
		case kindDefinition:
		case kindNetwork:
			converted, err = cv.network(ctx, o)
		default:
			converted, err = cv.pod(ctx, o)
			if converted != nil {
				pods++
			}
		}
		for _, f := range separate(err) {
			cv.faults = append(cv.faults, fmt.Errorf("%s: %w", o, f))
		}
		if err == nil && converted != nil {
			cv.documents = append(cv.documents, converted)
		}
	}
	if len(cv.homeless) > 0 {
		cv.warn("no namespace in %s: taken for default, which the annotation %s has to name; change it there if you apply the output to another namespace",
			strings.Join(cv.homeless, ", "), defaultNetworkKey)
	}
	if conf != nil && pods > 0 {
		cv.surroundings(*conf)
	}
}

// printDocuments writes objects as YAML documents.
func printDocuments(w io.Writer, documents []json.RawMessage) error {
	for i, d := range documents {
		text, err := yaml.JSONToYAML(d)
		if err != nil {
			return err
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	return nil
}
