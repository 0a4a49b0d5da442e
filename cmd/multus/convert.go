package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

const convertHelp = `Reads the older kubernetes.com/v1 Network objects and the pods, and workloads,
that select them with the annotation "networks", and prints as YAML what does
the same today:
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

func convertCommand(std streams) *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use: "convert -f FILE...", Short: "Print older Network objects, and their pods, as those of today", Long: convertHelp,
		Example: `  multus convert -f old/ >new.yaml
  multus convert -f old.yaml | multus validate -f -
  kubectl get networks.kubernetes.com,pods -A -o yaml | multus convert -f -`,
		Args: filesOnly(&files),
		RunE: func(_ *cobra.Command, _ []string) error { return convert(std, files) },
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "`FILE` or directory with objects; - is standard input; repeatable")
	return cmd
}

func convert(std streams, files []string) error {
	objects, readErr := std.read(files...)
	made, err := objects.Convert()
	err = errors.Join(readErr, err)
	std.warn(made.Warnings...)
	if len(made.Objects) == 0 && err == nil {
		fmt.Fprintln(std.err, "multus convert: nothing to convert: no Network object of kubernetes.com/v1 is in the files, and no pod selects one")
	}
	for i, object := range made.Objects {
		text, marshalErr := yaml.Marshal(object)
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		_, printErr := std.out.Write(text)
		err = errors.Join(err, marshalErr, printErr)
	}
	return err
}
