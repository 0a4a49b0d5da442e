package main

import (
	"slices"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
)

// Row is what one case came to: medians over its rounds, milliseconds. Over is what
// multus costs beyond the bare execution of its delegates, in the same round.
type Row struct {
	Name                     string
	Rounds                   int
	Wall, BareWall, OverWall float64
	CPU, BareCPU, OverCPU    float64
	Over                     float64 // OverCPU by the CPU time of one delegate executed bare
	Memory                   float64 // MiB
	Faults, Requests, Init   float64

	command string
	setup   setup
}

func newRow(name string, samples []sample) Row {
	of := func(what func(sample) float64) float64 {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = what(s)
		}
		return median(values)
	}
	wall := func(c timing.Cost) float64 { return milliseconds(c.Wall) }
	cpu := func(c timing.Cost) float64 { return milliseconds(c.CPU) }
	return Row{
		Name:     name,
		Rounds:   len(samples),
		Wall:     of(func(s sample) float64 { return wall(s.ours) }),
		BareWall: of(func(s sample) float64 { return wall(s.bare) }),
		OverWall: of(func(s sample) float64 { return wall(s.ours) - wall(s.bare) }),
		CPU:      of(func(s sample) float64 { return cpu(s.ours) }),
		BareCPU:  of(func(s sample) float64 { return cpu(s.bare) }),
		OverCPU:  of(func(s sample) float64 { return cpu(s.ours) - cpu(s.bare) }),
		Over:     of(func(s sample) float64 { return (cpu(s.ours) - cpu(s.bare)) / milliseconds(s.unit) }),
		Memory:   of(func(s sample) float64 { return float64(s.ours.Memory) / (1 << 20) }),
		Faults:   of(func(s sample) float64 { return float64(s.ours.Faults) }),
		Requests: of(func(s sample) float64 { return float64(s.requests) }),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median is the mean of the two in the middle; 0 of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
