package main

import (
	"context"
	"fmt"
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

// sample is what one round came to.
type sample struct {
	ours, bare timing.Cost
	unit       time.Duration // the CPU time of one delegate executed bare
	requests   int64
}

// cases is everything, in the order of the table.
func cases() []measurement {
	all := []measurement{
		&start{name: "client-go, start", binary: "clientgo"},
		&start{name: "multus version", binary: "multus", argument: "version"},
		&pair{setup: setup{quiet: true, silent: true}},
		&pair{setup: setup{silent: true}},
		&pair{setup: setup{quiet: true, silent: true, reads: true}},
	}
	for _, latency := range []time.Duration{near, far} {
		for _, reads := range []bool{false, true} {
			for _, nads := range []int{0, 1, 4, 8, maxNADs} {
				all = append(all, &pair{setup: setup{nads: nads, latency: latency, reads: reads}, detach: latency == near && !reads})
			}
		}
	}
	all = append(all, &pair{setup: setup{nads: 8, latency: far, silent: true}})
	for _, others := range []int{1, 100, 1000} {
		all = append(all, &pair{setup: setup{quiet: true, silent: true, others: others}, detach: true}, &collection{others: others})
	}
	return append(all, &herd{})
}

// pair is an ADD and the DEL after it, each beside the bare execution of its delegates.
type pair struct {
	setup
	detach bool // the DEL is of interest as well

	conf, delegate string
	adds, dels     []sample
}

func (p *pair) title() string {
	if p.detach {
		return p.addTitle() + "; " + p.delTitle()
	}
	return p.addTitle()
}

func (p *pair) addTitle() string {
	text := fmt.Sprintf("ADD %2d", p.nads)
	if p.reads {
		text += ", pod read"
	}
	switch {
	case p.quiet && p.silent:
		text += ", nothing published"
	case p.silent:
		text += ", no event"
	}
	if p.latency > 0 {
		text += ", " + p.latency.String()
	}
	return text + p.among()
}

func (p *pair) delTitle() string { return fmt.Sprintf("DEL %2d", p.nads) + p.among() }

func (p *pair) among() string {
	if p.others == 0 {
		return ""
	}
	return fmt.Sprintf(", %d recorded", p.others)
}

func (p *pair) prepare(ctx context.Context, w *world) (err error) {
	if p.conf, err = w.conf(p.setup, nil); err != nil {
		return err
	}
	if p.delegate, err = w.delegateConf(p.folder(), nil); err != nil {
		return err
	}
	return w.fill(ctx, p.setup, p.conf)
}

func (p *pair) round(ctx context.Context, w *world, turn int) error {
	w.serial++
	add, err := w.sample(ctx, p.comparison(w, "ADD"), turn)
	if err != nil {
		return err
	}
	del, err := w.sample(ctx, p.comparison(w, "DEL"), turn+1)
	if err != nil {
		return err
	}
	p.adds, p.dels = append(p.adds, add), append(p.dels, del)
	return nil
}

func (p *pair) comparison(w *world, command string) comparison {
	env := w.environ(command, p.setup, w.serial)
	return comparison{
		ours: w.ours(p.conf, env), bare: w.bare(p.delegate, env, p.nads+1), unit: w.bare(p.delegate, env, 1),
	}
}

func (p *pair) rows() []Row {
	rows := []Row{newRow(p.addTitle(), p.adds)}
	if p.others > 0 {
		rows = nil // the record is looked for by name: an ADD does not see the others
	}
	if p.detach {
		rows = append(rows, newRow(p.delTitle(), p.dels))
	}
	for i := range rows {
		rows[i].setup = p.setup
	}
	return rows
}

// comparison is an execution of multus, what it is compared with, and the unit of both.
type comparison struct {
	ours, bare, unit timing.Run
}

// sample measures one round, in an order that depends on the turn.
func (w *world) sample(ctx context.Context, c comparison, turn int) (s sample, err error) {
	before, err := w.requests()
	if err != nil {
		return s, err
	}
	var unit timing.Cost
	steps := []struct {
		run  timing.Run
		into *timing.Cost
	}{{c.ours, &s.ours}, {c.bare, &s.bare}, {c.unit, &unit}}
	for i := range steps {
		step := steps[(i+turn)%len(steps)]
		report, err := w.order(ctx, timing.Order{Runs: []timing.Run{step.run}})
		if err != nil {
			return s, err
		}
		*step.into = report.Costs[0]
	}
	after, err := w.requests()
	s.unit, s.requests = unit.CPU, after-before
	return s, err
}
