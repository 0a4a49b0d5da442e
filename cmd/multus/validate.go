package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

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

// report is what validate prints.
type report struct {
	objects  int
	notes    []string
	findings []lint.Finding
}

// splitPlace takes file:line:column apart; a part that is not there is 0.
func splitPlace(place string) (file string, line, column int) {
	parts := regexp.MustCompile(`(?s)^(.*?)(?::(\d+))?(?::(\d+))?$`).FindStringSubmatch(place)
	line, _ = strconv.Atoi(parts[2]) // digits, or nothing
	column, _ = strconv.Atoi(parts[3])
	return parts[1], line, column
}

func severity(f lint.Finding) string {
	if f.Warning {
		return "warning"
	}
	return "error"
}

// unplaced is the text of a finding without its place.
func unplaced(f lint.Finding) string {
	f.Place = ""
	return flat(f.Error())
}

// lines has a line for each note and finding, and one that sums up.
func (r report) lines() []byte {
	var b bytes.Buffer
	for _, note := range r.notes {
		fmt.Fprintln(&b, "note:", note)
	}
	for _, f := range r.findings {
		if f.Warning {
			b.WriteString("warning: ")
		}
		fmt.Fprintln(&b, flat(f.Error()))
	}
	fmt.Fprintln(&b, r.verdict())
	return b.Bytes()
}

// count is how many findings are warnings, or are none.
func (r report) count(warnings bool) int {
	n := 0
	for _, f := range r.findings {
		if f.Warning == warnings {
			n++
		}
	}
	return n
}

func (r report) verdict() string {
	text := plural(r.objects, "object") + " checked, no faults"
	if faults := r.count(false); faults > 0 {
		text = plural(faults, "fault")
	}
	if warnings := r.count(true); warnings > 0 {
		text += ", " + plural(warnings, "warning")
	}
	return text
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// object is a JSON object.
type object = map[string]any

func (r report) json() object {
	findings := []object{}
	for _, f := range r.findings {
		file, line, column := splitPlace(f.Place)
		message := lint.Finding{Fault: fault.Fault{What: f.What, Cure: f.Cure, Err: f.Err}}
		findings = append(findings, object{
			"severity": severity(f), "file": file, "line": line, "column": column, "object": f.Subject, "key": f.Key, "message": flat(message.Error()),
		})
	}
	return object{"objects": r.objects, "findings": findings, "notes": append([]string{}, r.notes...)}
}

// github has workflow commands, which GitHub shows beside the lines of a pull request.
func (r report) github() []byte {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var b bytes.Buffer
	for _, f := range r.findings {
		file, line, column := splitPlace(f.Place)
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d::%s\n", severity(f), property.Replace(file), line, column, data.Replace(unplaced(f)))
	}
	fmt.Fprintln(&b, r.verdict())
	return b.Bytes()
}

// sarif is a log of the Static Analysis Results Interchange Format, version 2.1.0.
func (r report) sarif() object {
	results := []object{}
	for _, f := range r.findings {
		file, line, column := splitPlace(f.Place)
		place := object{"artifactLocation": object{"uri": file}}
		if line > 0 {
			place["region"] = object{"startLine": line, "startColumn": max(column, 1)}
		}
		results = append(results, object{
			"ruleId": "validate", "level": severity(f), "message": object{"text": unplaced(f)},
			"locations": []object{{"physicalLocation": place}},
		})
	}
	driver := object{"name": "multus validate", "rules": []object{{"id": "validate"}}}
	return object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{"tool": object{"driver": driver}, "results": results}},
	}
}
