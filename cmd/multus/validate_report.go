package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/lint"
)

// report is what validate prints, and its JSON form.
type report struct {
	Objects  int          `json:"objects"`
	Findings []reportLine `json:"findings"`
	Notes    []string     `json:"notes,omitempty"`
}

// reportLine is one finding.
type reportLine struct {
	Severity string `json:"severity"` // error or warning
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Object   string `json:"object,omitempty"`
	Key      string `json:"key,omitempty"`
	Message  string `json:"message"`
	text     string // all of it
	about    string // without the place
}

func (r *report) add(f lint.Finding) {
	line := reportLine{Severity: "error", Object: f.Subject, Key: f.Key, text: flat(f.Error())}
	if f.Warning {
		line.Severity, line.text = "warning", "warning: "+line.text
	}
	line.File, line.Line, line.Column = splitPlace(f.Place)
	f.Place = ""
	line.about = flat(f.Error())
	f.Subject, f.Key = "", ""
	line.Message = flat(f.Error())
	r.Findings = append(r.Findings, line)
}

// splitPlace takes file:line:column apart; a part that is not there is 0.
func splitPlace(place string) (file string, line, column int) {
	numbers := []int{}
	for len(numbers) < 2 {
		colon := strings.LastIndexByte(place, ':')
		n, err := strconv.Atoi(place[colon+1:])
		if colon < 0 || err != nil {
			break
		}
		numbers, place = append([]int{n}, numbers...), place[:colon]
	}
	numbers = append(numbers, 0, 0)
	return place, numbers[0], numbers[1]
}

func (r report) count(severity string) int {
	n := 0
	for _, line := range r.Findings {
		if line.Severity == severity {
			n++
		}
	}
	return n
}

func (r report) format(format string) ([]byte, error) {
	switch format {
	case "json":
		r.Findings = append([]reportLine{}, r.Findings...) // a list, also without any
		return indented(r)
	case "sarif":
		return indented(r.sarif())
	case "github":
		return r.github(), nil
	}
	return r.lines(), nil
}

// lines has a line for each note and finding, and one that sums up.
func (r report) lines() []byte {
	var b bytes.Buffer
	for _, note := range r.Notes {
		fmt.Fprintln(&b, "note:", note)
	}
	for _, line := range r.Findings {
		fmt.Fprintln(&b, line.text)
	}
	fmt.Fprintln(&b, r.verdict())
	return b.Bytes()
}

func (r report) verdict() string {
	text := plural(r.Objects, "object") + " checked, no faults"
	if faults := r.count("error"); faults > 0 {
		text = plural(faults, "fault")
	}
	if warnings := r.count("warning"); warnings > 0 {
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

// github has workflow commands, which GitHub shows beside the lines of a pull request.
func (r report) github() []byte {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var b bytes.Buffer
	for _, line := range r.Findings {
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d::%s\n", line.Severity, property.Replace(line.File), line.Line, line.Column, data.Replace(line.about))
	}
	fmt.Fprintln(&b, r.verdict())
	return b.Bytes()
}

// sarif is a log of the Static Analysis Results Interchange Format, version 2.1.0.
func (r report) sarif() any {
	type object = map[string]any
	results := []object{}
	for _, line := range r.Findings {
		place := object{"artifactLocation": object{"uri": line.File}}
		if line.Line > 0 {
			place["region"] = object{"startLine": line.Line, "startColumn": max(line.Column, 1)}
		}
		results = append(results, object{
			"ruleId": "validate", "level": line.Severity, "message": object{"text": line.about},
			"locations": []object{{"physicalLocation": place}},
		})
	}
	driver := object{"name": "multus validate", "rules": []object{{"id": "validate"}}}
	return object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{"tool": object{"driver": driver}, "results": results}},
	}
}

// indented is a value as JSON for people.
func indented(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return b.Bytes(), err
}
