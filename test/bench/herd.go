package main

import (
	"context"
	"fmt"

	"github.com/multus-cni/multus/test/bench/timing"
)

// Pods come in herds: when a node has started again, all at once.
const (
	herdSize  = 64
	herdCPUs  = 2
	herdEvery = 8 // rounds of the other cases to one of these
)

// herd is many sandboxes attached at the same time and detached at the same
// time, each with one network besides the default one. Its figures are those of
// all of them together.
type herd struct {
	conf, delegate string
	adds, dels     []sample
}

func (h *herd) setup() setup { return setup{nads: 1} }

func (h *herd) title() string { return fmt.Sprintf("%d ADD, then %d DEL, at once", herdSize, herdSize) }

func (h *herd) prepare(_ context.Context, w *world) (err error) {
	if h.conf, err = w.conf(h.setup(), nil); err != nil {
		return err
	}
	h.delegate, err = w.delegateConf("herd", nil)
	return err
}

func (h *herd) round(ctx context.Context, w *world, turn int) error {
	if turn%herdEvery != 0 {
		return nil
	}
	first := w.serial + 1
	w.serial += herdSize
	add, err := h.sample(ctx, w, call{"ADD", first})
	if err != nil {
		return err
	}
	del, err := h.sample(ctx, w, call{"DEL", first})
	h.adds, h.dels = append(h.adds, add), append(h.dels, del)
	return err
}

// call is a command for all sandboxes from the first one on.
type call struct {
	command string
	first   int
}

func (h *herd) sample(ctx context.Context, w *world, c call) (s sample, err error) {
	before, err := w.requests()
	if err != nil {
		return s, err
	}
	ours, bare := timing.Order{CPUs: herdCPUs}, timing.Order{CPUs: herdCPUs}
	for i := range herdSize {
		env := w.environ(c.command, h.setup(), c.first+i)
		ours.Runs = append(ours.Runs, w.ours(h.conf, env))
		bare.Runs = append(bare.Runs, w.bare(h.delegate, env, 1+h.setup().nads))
	}
	if s.ours, err = w.together(ctx, ours); err != nil {
		return s, err
	}
	if s.bare, err = w.together(ctx, bare); err != nil {
		return s, err
	}
	after, err := w.requests()
	s.requests = after - before
	s.unit = s.bare.CPU / (1 + 1) // of one delegate in each sandbox
	return s, err
}

// together is what all processes of an order cost as one; memory is the sum of
// their peaks, which is more than there was at any one time.
func (w *world) together(ctx context.Context, o timing.Order) (timing.Cost, error) {
	report, err := w.order(ctx, o)
	sum := timing.Cost{Wall: report.Wall}
	for _, c := range report.Costs {
		sum.CPU += c.CPU
		sum.Memory += c.Memory
		sum.Faults += c.Faults
	}
	return sum, err
}

func (h *herd) rows() []Row {
	rows := []Row{
		newRow(fmt.Sprintf("%d ADD  1 at once", herdSize), h.adds),
		newRow(fmt.Sprintf("%d DEL  1 at once", herdSize), h.dels),
	}
	for i := range rows {
		rows[i].setup = h.setup()
	}
	return rows
}
