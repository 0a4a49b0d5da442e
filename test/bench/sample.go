package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strconv"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
)

// comparison is executions of multus, what they are compared with, and the unit of both.
type comparison struct {
	ours, bare, unit timing.Order
}

// sample is what one round came to.
type sample struct {
	ours, bare timing.Cost
	unit       time.Duration // the CPU time of one delegate executed bare
	requests   int64
}

// sample measures one round, in an order that depends on the turn.
func (w *world) sample(ctx context.Context, c comparison, turn int) (s sample, err error) {
	before, err := w.requests()
	if err != nil {
		return s, err
	}
	var unit timing.Cost
	steps := []struct {
		order timing.Order
		into  *timing.Cost
	}{{c.ours, &s.ours}, {c.bare, &s.bare}, {c.unit, &unit}}
	for i := range steps {
		step := steps[(i+turn)%len(steps)]
		if *step.into, err = w.order(ctx, step.order); err != nil {
			return s, err
		}
	}
	after, err := w.requests()
	s.unit, s.requests = unit.CPU, after-before
	return s, err
}

// order has processes run by timed, whose own memory is too small to be seen in theirs.
func (w *world) order(ctx context.Context, o timing.Order) (cost timing.Cost, err error) {
	data, err := json.Marshal(o)
	if err != nil {
		return cost, err
	}
	cmd := exec.CommandContext(ctx, w.path("bin/timed"))
	cmd.Stdin = bytes.NewReader(data)
	printed, err := output(cmd)
	if err != nil {
		return cost, err
	}
	return cost, json.Unmarshal(printed, &cost)
}

func only(r timing.Run) timing.Order { return timing.Order{Runs: []timing.Run{r}} }

// ours is one execution of multus.
func (w *world) ours(conf string, env []string) timing.Run {
	return timing.Run{Args: []string{w.path("bin/multus")}, Env: env, Stdin: conf}
}

// bare is the execution of so many delegates and of nothing else.
func (w *world) bare(conf string, env []string, count int) timing.Run {
	return timing.Run{Args: []string{w.path("bin/bare"), w.path("bin/noop"), strconv.Itoa(count)}, Env: env, Stdin: conf}
}
