package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/multus-cni/multus/test/bench/timing"
)

// measurement is one thing that is measured, round by round.
type measurement interface {
	title() string
	prepare(ctx context.Context, w *world) error
	// round measures once; the order within it differs from turn to turn.
	round(ctx context.Context, w *world, turn int) error
	rows() []Row
}

// Pods come in herds: when a node has started again, all at once.
const (
	herdSize  = 64
	herdCPUs  = 2
	herdEvery = 8 // rounds of the other cases to one of these
)

// cases is everything, in the order of the table.
func cases() []measurement {
	all := []measurement{
		&start{name: "client-go, start", binary: "clientgo"},
		&start{name: "multus version", binary: "multus", argument: "version"},
		attach(setup{quiet: true, silent: true}, "ADD"),
		attach(setup{silent: true}, "ADD"),
		attach(setup{quiet: true, silent: true, reads: true}, "ADD"),
	}
	for _, latency := range []time.Duration{near, far} {
		for _, reads := range []bool{false, true} {
			shown := []string{"ADD", "DEL"}
			if latency == far || reads {
				shown = shown[:1]
			}
			for _, nads := range []int{0, 1, 4, 8, maxNADs} {
				all = append(all, attach(setup{nads: nads, latency: latency, reads: reads}, shown...))
			}
		}
	}
	all = append(all, attach(setup{nads: 8, latency: far, silent: true}, "ADD"))
	for _, others := range []int{1, 100, 1000} {
		all = append(all,
			// The record is looked for by name: an ADD does not see the others.
			attach(setup{quiet: true, silent: true, others: others}, "DEL"),
			&sequence{setup: setup{silent: true, others: others}, commands: []string{"GC"}, shown: []string{"GC"}})
	}
	return append(all, attach(setup{nads: 1, herd: true}, "ADD", "DEL"))
}

// sequence is some commands, one after the other, each beside the bare execution of its
// delegates.
type sequence struct {
	setup
	commands []string
	shown    []string // those that have a row

	conf, delegate string
	samples        map[string][]sample // by command
}

func attach(s setup, shown ...string) *sequence {
	return &sequence{setup: s, commands: []string{"ADD", "DEL"}, shown: shown}
}

func (q *sequence) title() string {
	var names []string
	for _, command := range q.shown {
		names = append(names, q.name(command))
	}
	return strings.Join(names, "; ")
}

func (q *sequence) prepare(ctx context.Context, w *world) (err error) {
	q.samples = map[string][]sample{}
	extra := map[string]any{}
	if slices.Contains(q.commands, "GC") { // which finds every recorded sandbox still alive
		extra["cni.dev/valid-attachments"] = q.alive()
	}
	if q.conf, err = w.conf(q.setup, extra); err != nil {
		return err
	}
	if q.delegate, err = w.delegateConf(q.folder(), extra); err != nil {
		return err
	}
	return w.fill(ctx, q.setup, q.conf)
}

func (q *sequence) round(ctx context.Context, w *world, turn int) error {
	if q.herd && turn%herdEvery != 0 {
		return nil
	}
	for i, command := range q.commands {
		s, err := w.sample(ctx, q.comparison(w, command), turn+i)
		if err != nil {
			return err
		}
		q.samples[command] = append(q.samples[command], s)
	}
	w.serial += q.size()
	return nil
}

func (q *sequence) comparison(w *world, command string) (c comparison) {
	if q.herd {
		c.ours.CPUs, c.bare.CPUs, c.unit.CPUs = herdCPUs, herdCPUs, herdCPUs
	}
	for i := range q.size() {
		env := w.environ(command, q.setup, w.serial+i)
		c.ours.Runs = append(c.ours.Runs, w.ours(q.conf, env))
		c.bare.Runs = append(c.bare.Runs, w.bare(q.delegate, env, q.nads+1))
		c.unit.Runs = append(c.unit.Runs, w.bare(q.delegate, env, 1))
	}
	return c
}

func (q *sequence) rows() []Row {
	var rows []Row
	for _, command := range q.shown {
		row := newRow(q.name(command), q.samples[command])
		row.setup, row.command = q.setup, command
		rows = append(rows, row)
	}
	return rows
}

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
	env := w.environ("ADD", setup{}, 0)
	run := timing.Run{Args: []string{w.path("bin/" + s.binary), s.argument}}
	round, err := w.sample(ctx, comparison{ours: only(run), bare: only(w.bare(conf, env, 0)), unit: only(w.bare(conf, env, 1))}, turn)
	if err != nil {
		return err
	}
	run.Env = []string{"GODEBUG=inittrace=1"}
	traced, err := w.order(ctx, only(run))
	if err != nil {
		return err
	}
	s.samples = append(s.samples, round)
	s.inits = append(s.inits, milliseconds(timing.Init(string(traced.Output))))
	return nil
}

func (s *start) rows() []Row {
	row := newRow(fmt.Sprintf("%s (init %.2f ms)", s.name, median(s.inits)), s.samples)
	row.Init, row.command = median(s.inits), s.binary
	return []Row{row}
}
