package metrics

import (
	"slices"
	"strconv"
	"sync"
)

// maxNetworks is how many networks have series of their own; the others share one.
const maxNetworks = 100

// other stands for what has no series of its own.
const other = "other"

// Counters count the outcomes of commands. The zero value is ready for use, by many at once.
type Counters struct {
	mu              sync.Mutex
	commands, parts tally
	networks        []string // that have series of their own
}

// series are the labels of one.
type series struct{ command, network, code string }

// tally is how often something came about, and, of all codes together, how long it took.
type tally struct {
	counts    map[series]uint64
	durations map[series]*histogram
}

func (t *tally) add(s series, seconds float64) {
	if t.counts == nil {
		t.counts, t.durations = map[series]uint64{}, map[series]*histogram{}
	}
	t.counts[s]++
	s.code = ""
	if t.durations[s] == nil {
		t.durations[s] = &histogram{counts: make([]uint64, len(bounds())+1)}
	}
	t.durations[s].observe(seconds)
}

// Add counts one outcome.
func (c *Counters) Add(o Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands.add(series{command: commandLabel(o.Command), code: codeLabel(o.Code)}, o.Seconds)
	for _, d := range o.Networks {
		c.parts.add(series{commandLabel(d.Command), c.networkLabel(d.Network), codeLabel(d.Code)}, d.Seconds)
	}
}

// networkLabel bounds how many networks there are.
func (c *Counters) networkLabel(network string) string {
	if slices.Contains(c.networks, network) {
		return network
	}
	if len(c.networks) >= maxNetworks {
		return other
	}
	c.networks = append(c.networks, network)
	return network
}

func commandLabel(command string) string {
	if slices.Contains([]string{"ADD", "DEL", "CHECK", "GC", "STATUS"}, command) {
		return command
	}
	return other
}

// codeLabel is a code that the CNI specification or Multus has; plugins may have any
// other.
func codeLabel(code uint) string {
	if code <= 11 || slices.Contains([]uint{50, 51, 100, 999}, code) {
		return strconv.FormatUint(uint64(code), 10)
	}
	return other
}

// histogram is the distribution of durations: how many took at most each bound, and
// how many longer.
type histogram struct {
	counts []uint64
	sum    float64
}

// bounds are in seconds: from a plugin that does next to nothing to one that is
// killed after delegateTimeout.
func bounds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}
}

func (h *histogram) observe(seconds float64) {
	i, _ := slices.BinarySearch(bounds(), seconds)
	h.counts[i]++
	h.sum += seconds
}

// Families are the metrics of what was counted.
func (c *Counters) Families() []Family {
	c.mu.Lock()
	defer c.mu.Unlock()
	return []Family{
		counter("multus_commands_total", "CNI commands that the plugin carried out on this node, by CNI error code; 0 is success.", c.commands.counts),
		spread("multus_command_duration_seconds", "How long CNI commands took, all their networks and requests included.", c.commands.durations),
		counter("multus_network_commands_total", "Commands handed to the plugins of each network, by CNI error code; 0 is success.", c.parts.counts),
		spread("multus_network_command_duration_seconds", "How long the plugins of each network took.", c.parts.durations),
	}
}
