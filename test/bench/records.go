package main

import (
	"context"
	"fmt"

	"github.com/multus-cni/multus/pkg/state"
	"github.com/multus-cni/multus/test/bench/timing"
)

// firstOther is the serial number of the first of the sandboxes that are merely recorded.
const firstOther = 1 << 20

// fill records so many other sandboxes: all like one that multus attached, but by name.
func (w *world) fill(ctx context.Context, s setup, conf string) error {
	if s.others == 0 {
		return nil
	}
	run := w.ours(conf, w.environ("ADD", s, firstOther))
	if _, err := w.order(ctx, timing.Order{Runs: []timing.Run{run}}); err != nil {
		return err
	}
	dir := state.Dir(w.state(s))
	record, err := dir.Load(state.Key{ContainerID: container(firstOther), IfName: "eth0"})
	for i := 1; i < s.others && err == nil; i++ {
		record.Sandbox.ContainerID = container(firstOther + i)
		err = dir.Create(record)
	}
	return err
}

// collection is a GC that finds every recorded sandbox still alive.
type collection struct {
	others int

	conf, delegate string
	samples        []sample
}

func (c *collection) title() string { return fmt.Sprintf("GC, %d recorded", c.others) }

func (c *collection) prepare(ctx context.Context, w *world) (err error) {
	s := c.setup()
	valid := make([]map[string]string, c.others)
	for i := range valid {
		valid[i] = map[string]string{"containerID": container(firstOther + i), "ifname": "eth0"}
	}
	alive := map[string]any{"cni.dev/valid-attachments": valid}
	if c.conf, err = w.conf(s, alive); err != nil {
		return err
	}
	if c.delegate, err = w.delegateConf(s.folder(), alive); err != nil {
		return err
	}
	return w.fill(ctx, s, c.conf)
}

func (c *collection) round(ctx context.Context, w *world, turn int) error {
	env := w.environ("GC", c.setup(), 0)
	s, err := w.sample(ctx, comparison{
		ours: w.ours(c.conf, env), bare: w.bare(c.delegate, env, 1), unit: w.bare(c.delegate, env, 1),
	}, turn)
	c.samples = append(c.samples, s)
	return err
}

// setup differs from those of ADD and DEL, for a state folder of its own.
func (c *collection) setup() setup { return setup{silent: true, others: c.others} }

func (c *collection) rows() []Row {
	row := newRow(c.title(), c.samples)
	row.setup = c.setup()
	return []Row{row}
}
