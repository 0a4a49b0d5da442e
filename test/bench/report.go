package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// results is everything that was measured.
type results struct {
	load float64 // of the minute before
	size int64   // of the binary
	rows []Row
}

// measure goes round by round through all cases, so that a machine that is busy
// for a while is so for all of them.
func (w *world) measure(ctx context.Context, all []measurement, rounds int) (results, error) {
	var r results
	_, err := fmt.Sscan(file("/proc/loadavg"), &r.load)
	if err != nil {
		return r, err
	}
	for _, m := range all {
		if err := m.prepare(ctx, w); err != nil {
			return r, fmt.Errorf("%s: %w", m.title(), err)
		}
	}
	for turn := range rounds {
		for _, m := range all {
			if err := m.round(ctx, w, turn); err != nil {
				return r, fmt.Errorf("%s: %w", m.title(), err)
			}
		}
	}
	for _, m := range all {
		r.rows = append(r.rows, m.rows()...)
	}
	info, err := os.Stat(w.path("bin/multus"))
	if err == nil {
		r.size = info.Size()
	}
	return r, err
}

// machine is where it is measured, and how busy that was before.
func (r results) machine() string {
	kernel := strings.TrimSpace(file("/proc/sys/kernel/osrelease"))
	cpu := append(regexp.MustCompile(`model name\s*: (.*)`).FindStringSubmatch(file("/proc/cpuinfo")), "", "")[1]
	text := fmt.Sprintf("%s, Linux %s %s, %d × %s, load %.2f before", runtime.Version(), kernel, runtime.GOARCH, runtime.NumCPU(), cpu, r.load)
	if r.load < 0.3*float64(runtime.NumCPU()) {
		return text
	}
	return text + ": NOT QUIET; compare within this run alone"
}

// file is what a file of the kernel's says, nothing where there is none.
func file(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

func (r results) print(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintln(&text, r.machine())
	fmt.Fprintf(&text, "binary %.2f MB; medians; wall and CPU in ms; + is multus beyond bare; B is one delegate executed bare\n\n", float64(r.size)/1e6)
	fmt.Fprintf(&text, "%-38s %3s %7s %7s %7s %7s %7s %7s %7s %6s %6s %4s  %s\n",
		"", "n", "wall", "bare", "+", "CPU", "bare", "+", "+ in B", "MiB", "faults", "API", "targets")
	for _, row := range r.rows {
		fmt.Fprintf(&text, "%-38s %3d %7.1f %7.1f %+7.1f %7.1f %7.1f %+7.1f %+7.2f %6.1f %6.0f %4.0f  %s\n", row.Name, row.Rounds,
			row.Wall, row.BareWall, row.OverWall, row.CPU, row.BareCPU, row.OverCPU, row.Over, row.Memory, row.Faults, row.Requests, row.verdict())
	}
	fmt.Fprintln(&text)
	for _, t := range compare(r.rows) {
		verdict := "ok    "
		if !t.met() {
			verdict = "MISSED"
		}
		fmt.Fprintln(&text, strings.TrimSpace(fmt.Sprintf("%s %s %.2f of %.2f %s", verdict, t.what, t.value, t.bound, t.unit)))
	}
	_, err := io.WriteString(out, text.String())
	return err
}
