package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Results is everything that was measured.
type Results struct {
	Time    time.Time `json:"time"`
	Machine Machine   `json:"machine"`
	Size    int64     `json:"binarySize"`
	Rows    []Row     `json:"rows"`
	Targets []Target  `json:"targets"`
}

// Machine is where it was measured, and how busy that was otherwise.
type Machine struct {
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Load   string `json:"loadBefore"` // the load average of the minute before
}

// measure goes round by round through all cases, so that a machine that is busy
// for a while is so for all of them.
func (w *world) measure(ctx context.Context, all []measurement, rounds int) (Results, error) {
	results := Results{Time: time.Now().UTC(), Machine: thisMachine()}
	for _, m := range all {
		if err := m.prepare(ctx, w); err != nil {
			return results, fmt.Errorf("%s: %w", m.title(), err)
		}
	}
	for turn := range rounds {
		for _, m := range all {
			if err := m.round(ctx, w, turn); err != nil {
				return results, fmt.Errorf("%s: %w", m.title(), err)
			}
		}
	}
	for _, m := range all {
		results.Rows = append(results.Rows, m.rows()...)
	}
	info, err := os.Stat(w.multus)
	if err == nil {
		results.Size = info.Size()
	}
	return results, err
}

func thisMachine() Machine {
	m := Machine{Go: runtime.Version(), CPUs: runtime.NumCPU(), Load: firstWord(file("/proc/loadavg"))}
	m.Kernel = strings.TrimSpace(file("/proc/sys/kernel/osrelease")) + " " + runtime.GOARCH
	for line := range strings.Lines(file("/proc/cpuinfo")) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// file is what a file of the kernel's says, nothing where there is none.
func file(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

func (r Results) print(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, Linux %s, %d × %s, load %s before%s\n", r.Machine.Go, r.Machine.Kernel, r.Machine.CPUs, r.Machine.CPU, r.Machine.Load, r.Machine.warning())
	fmt.Fprintf(&text, "binary %.2f MB; medians; wall and CPU in ms; + is multus beyond bare; B is one delegate executed bare\n\n", float64(r.Size)/1e6)
	fmt.Fprintf(&text, "%-38s %3s %7s %7s %7s %7s %7s %7s %7s %6s %6s %4s  %s\n",
		"", "n", "wall", "bare", "+", "CPU", "bare", "+", "+ in B", "MiB", "faults", "API", "targets")
	for _, row := range r.Rows {
		fmt.Fprintf(&text, "%-38s %3d %7.1f %7.1f %+7.1f %7.1f %7.1f %+7.1f %+7.2f %6.1f %6.0f %4.0f  %s\n", row.label(), row.Rounds,
			row.Wall, row.BareWall, row.OverWall, row.CPU, row.BareCPU, row.OverCPU, row.Over, row.Memory, row.Faults, row.Requests, row.Verdict)
	}
	fmt.Fprintln(&text)
	for _, t := range r.Targets {
		fmt.Fprintln(&text, t)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// warning says what figures are worth that were taken on a busy machine.
func (m Machine) warning() string {
	load, err := strconv.ParseFloat(m.Load, 64)
	if err != nil || load < 0.3*float64(m.CPUs) {
		return ""
	}
	return ": NOT QUIET; compare within this run alone"
}

// label is the row's name with what only this row has.
func (r Row) label() string {
	if r.Init == 0 {
		return r.Name
	}
	return fmt.Sprintf("%s (init %.2f ms)", r.Name, r.Init)
}

func (r Results) save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
