package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/test/bench/timing"
)

// start is the mere start of a program, beside that of bare, which starts as little
// as a Go program can. What is before main is measured on the way.
type start struct {
	name, binary, argument string

	samples []sample
	inits   []float64 // milliseconds
}

func (s *start) title() string { return s.name }

func (s *start) prepare(context.Context, *world) error { return nil }

func (s *start) round(ctx context.Context, w *world, turn int) error {
	conf, err := w.delegateConf("start", nil)
	if err != nil {
		return err
	}
	ours := timing.Run{Args: []string{w.path("bin/" + s.binary), s.argument}}
	env := w.environ("ADD", setup{}, 0)
	round, err := w.sample(ctx, comparison{ours: ours, bare: w.bare(conf, env, 0), unit: w.bare(conf, env, 1)}, turn)
	if err != nil {
		return err
	}
	ours.Env = []string{"GODEBUG=inittrace=1"}
	traced, err := w.order(ctx, timing.Order{Runs: []timing.Run{ours}})
	if err != nil {
		return err
	}
	s.samples = append(s.samples, round)
	s.inits = append(s.inits, initTime(traced.Costs[0].Output))
	return nil
}

// initTime adds up the lines of the runtime: init PACKAGE @START ms, TIME ms clock, …
func initTime(trace []byte) (ms float64) {
	for line := range bytes.Lines(trace) {
		words := strings.Fields(string(line))
		if len(words) < 5 || words[0] != "init" {
			continue
		}
		clock, err := strconv.ParseFloat(words[4], 64)
		if err == nil {
			ms += clock
		}
	}
	return ms
}

func (s *start) rows() []Row {
	row := newRow(s.title(), s.samples)
	row.Init = median(s.inits)
	return []Row{row}
}
