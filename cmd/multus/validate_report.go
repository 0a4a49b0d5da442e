package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/lint"
)

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
