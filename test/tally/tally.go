package main

import (
	"fmt"
	"io"
	"strings"
)

// tally counts tests. A test with subtests is not counted besides them: it is
// where they stand, unless it failed although none of them did.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	packages                map[string]*results
	builds                  map[string]*strings.Builder // compilers' output by package
}

// results are those of one package.
type results struct {
	output                  map[string]*strings.Builder // by test; "" for the package's own
	parents                 map[string]bool
	broken                  map[string]bool // a test that failed, or whose subtest did
	passed, failed, skipped int
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, packages: map[string]*results{}, builds: map[string]*strings.Builder{}}
}

func (t *tally) take(e event) {
	if e.Action == "build-output" {
		add(t.builds, e.ImportPath, e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := t.packages[e.Package]
	if p == nil {
		p = &results{output: map[string]*strings.Builder{}, parents: map[string]bool{}, broken: map[string]bool{}}
		t.packages[e.Package] = p
	}
	switch {
	case e.Action == "output":
		add(p.output, e.Test, e.Output)
	case e.Test != "":
		t.test(p, e)
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		t.pkg(p, e)
	}
}

func add(to map[string]*strings.Builder, key, text string) {
	if to[key] == nil {
		to[key] = &strings.Builder{}
	}
	to[key].WriteString(text)
}

func (t *tally) test(p *results, e event) {
	parent := e.Test[:max(strings.LastIndexByte(e.Test, '/'), 0)]
	switch e.Action {
	case "run":
		p.parents[parent] = true
	case "pass":
		if !p.parents[e.Test] {
			p.passed++
		}
	case "skip":
		p.skipped++
		fmt.Fprintf(t.out, "skip  %s %s: %s\n", short(e.Package), e.Test, reason(p.text(e.Test)))
	case "fail":
		t.fail(p, e, parent)
	}
	if e.Action == "pass" || e.Action == "skip" {
		delete(p.output, e.Test)
	}
}

// fail counts and prints a test, and marks those around it: they fail with it.
func (t *tally) fail(p *results, e event, parent string) {
	p.broken[parent] = true
	fmt.Fprintf(t.out, "%s", p.text(e.Test))
	if !p.broken[e.Test] {
		p.failed++
		fmt.Fprintf(t.out, "FAIL  %s %s\n", short(e.Package), e.Test)
	}
}

// pkg closes a package. It may fail without any test's failing: it does not compile, or it crashed or hung.
func (t *tally) pkg(p *results, e event) {
	name := short(e.Package)
	if e.Action == "fail" && p.failed == 0 {
		p.failed++
		if build := t.builds[e.FailedBuild]; build != nil {
			fmt.Fprint(t.out, build)
		}
		for test := range p.output { // those that had not ended
			fmt.Fprint(t.out, p.text(test))
		}
	}
	t.passed, t.failed, t.skipped = t.passed+p.passed, t.failed+p.failed, t.skipped+p.skipped
	switch {
	case e.Action == "fail":
		fmt.Fprintf(t.out, "FAIL  %-16s %4d passed, %d failed, %.1f s\n", name, p.passed, p.failed, e.Elapsed)
	case p.passed+p.skipped > 0:
		fmt.Fprintf(t.out, "ok    %-16s %4d passed, %.1f s\n", name, p.passed, e.Elapsed)
	}
}

func (p *results) text(test string) string {
	if p.output[test] == nil {
		return ""
	}
	return p.output[test].String()
}

// reason is what a skipped test said, without where it said it.
func reason(output string) string {
	for line := range strings.Lines(output) {
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, text, _ = strings.Cut(text, ": ")
			return strings.TrimSpace(text)
		}
	}
	return "without a reason"
}

func short(pkg string) string { return strings.TrimPrefix(pkg, module) }
