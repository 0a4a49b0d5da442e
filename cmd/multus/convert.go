package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/multus-cni/multus/pkg/manifest"
)

const convertHelp = `Usage: multus convert -f FILE...

Reads the older kubernetes.com/v1 Network objects and the pods, and workloads,
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
is 1 if anything could not.

Examples:
  multus convert -f old/ >new.yaml
  multus convert -f old.yaml | multus validate -f -
  kubectl get networks.kubernetes.com,pods -A -o yaml | multus convert -f -
`

// convert is the subcommand.
func convert(ctx context.Context, c cli) int {
	files, code, stop := fileFlags(c, "convert", convertHelp)
	if stop {
		return code
	}
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

// fileFlags are those of a subcommand that takes files and nothing else.
func fileFlags(c cli, name, help string) (files []string, code int, stop bool) {
	fs := flags(c, name, help)
	fs.StringArrayVarP(&files, "file", "f", nil, "`FILE` or folder with objects; - is standard input; repeatable")
	if code, stop = parse(c, fs); stop {
		return nil, code, true
	}
	var err error
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("%q: files are given with -f", fs.Arg(0))
	case len(files) == 0:
		err = errors.New("no files given: -f FILE")
	default:
		return files, exitOK, false
	}
	fmt.Fprintf(c.stderr, "multus %s: %v; see `multus %s --help`\n", name, err, name)
	return nil, exitUsage, true
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
