package main

import (
	"slices"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
)

// Row is what one case came to: medians over its rounds. Over is what multus
// costs beyond the bare execution of its delegates, in the same round.
type Row struct {
	Name     string  `json:"name"`
	Rounds   int     `json:"rounds"`
	Wall     float64 `json:"wallMs"`
	BareWall float64 `json:"bareWallMs"`
	OverWall float64 `json:"overWallMs"`
	CPU      float64 `json:"cpuMs"`
	BareCPU  float64 `json:"bareCpuMs"`
	OverCPU  float64 `json:"overCpuMs"`
	Over     float64 `json:"overB"` // OverCPU by the CPU time of one delegate executed bare
	Memory   float64 `json:"memoryMiB"`
	Faults   float64 `json:"pageFaults"`
	Requests float64 `json:"requests"`
	Init     float64 `json:"initMs,omitempty"`
	Verdict  string  `json:"verdict"`

	setup setup
}

func newRow(name string, samples []sample) Row {
	over := func(f func(timing.Cost) float64) func(sample) float64 {
		return func(s sample) float64 { return f(s.ours) - f(s.bare) }
	}
	wall := func(c timing.Cost) float64 { return milliseconds(c.Wall) }
	cpu := func(c timing.Cost) float64 { return milliseconds(c.CPU) }
	return Row{
		Name:     name,
		Rounds:   len(samples),
		Wall:     of(samples, func(s sample) float64 { return wall(s.ours) }),
		BareWall: of(samples, func(s sample) float64 { return wall(s.bare) }),
		OverWall: of(samples, over(wall)),
		CPU:      of(samples, func(s sample) float64 { return cpu(s.ours) }),
		BareCPU:  of(samples, func(s sample) float64 { return cpu(s.bare) }),
		OverCPU:  of(samples, over(cpu)),
		Over:     of(samples, func(s sample) float64 { return over(cpu)(s) / milliseconds(s.unit) }),
		Memory:   of(samples, func(s sample) float64 { return float64(s.ours.Memory) / (1 << 20) }),
		Faults:   of(samples, func(s sample) float64 { return float64(s.ours.Faults) }),
		Requests: of(samples, func(s sample) float64 { return float64(s.requests) }),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// of is the median of something over all samples.
func of(samples []sample, what func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = what(s)
	}
	return median(values)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
