package main

import (
	"fmt"
	"strings"
)

// Target is a bound that the project has set itself.
type Target struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Bound float64 `json:"bound"`
	Unit  string  `json:"unit"`
}

// Met tells whether the bound holds.
func (t Target) Met() bool { return t.Value <= t.Bound }

func (t Target) String() string {
	verdict := "ok"
	if !t.Met() {
		verdict = "MISSED"
	}
	return strings.TrimRight(fmt.Sprintf("%-6s %s %.2f of %.2f %s", verdict, t.What, t.Value, t.Bound, t.Unit), " ")
}

// judge writes into each row what its targets came to.
func judge(rows []Row) {
	for i := range rows {
		var missed, met []string
		for _, t := range rows[i].targets() {
			text := fmt.Sprintf("%s ≤ %.3g", t.What, t.Bound)
			if t.Met() {
				met = append(met, text)
			} else {
				missed = append(missed, text)
			}
		}
		rows[i].Verdict = strings.Join(met, ", ")
		if len(missed) > 0 {
			rows[i].Verdict = "MISSED " + strings.Join(missed, ", ")
		} else if len(met) > 0 {
			rows[i].Verdict = "ok     " + rows[i].Verdict
		}
	}
}

// targets are those of a single row.
func (r Row) targets() []Target {
	size := 1.0
	if strings.HasSuffix(r.Name, "at once") {
		size = herdSize
	}
	all := []Target{{"MiB", r.Memory, 20 * size, "MiB"}}
	command, _, _ := strings.Cut(r.Name, " ")
	switch command {
	case "ADD":
		all = append(all, r.addTargets()...)
	case "DEL":
		all = append(all, Target{"requests", r.Requests, 0, ""})
		if r.setup.nads <= 8 {
			all = append(all, Target{"B", r.Over, 0.85, "B"})
		}
	case "multus":
		all = append(all, Target{"init ms", r.Init, 2.5, "ms"})
	}
	return all
}

func (r Row) addTargets() []Target {
	s := r.setup
	all := []Target{{"requests", r.Requests, s.needed(), ""}}
	switch {
	case s.nads == 0 && !s.reads && s.silent && s.quiet:
		all = append(all, Target{"B", r.Over, 1.1, "B"})
	case s.nads == 0 && !s.reads && s.silent:
		all = append(all, Target{"B", r.Over, 1.9, "B"})
	case s.nads == 8 && s.latency == near:
		all = append(all, Target{"B", r.Over, 3, "B"})
	case s.nads <= 8 && s.latency == far && s.reads:
		all = append(all, Target{"+ms wall", r.OverWall, 45, "ms"})
	case s.nads <= 8 && s.latency == far:
		all = append(all, Target{"+ms wall", r.OverWall, 35, "ms"})
	}
	return all
}

// needed is how many requests an ADD cannot do without: the pod unless it is
// given, each network once, the status and the event.
func (s setup) needed() float64 {
	n := s.nads
	for _, needed := range []bool{s.reads, !s.quiet, !s.silent} {
		if needed {
			n++
		}
	}
	return float64(n)
}

// compare are the targets that concern several rows, as far as these were measured.
func compare(rows []Row) []Target {
	byName := map[string]Row{}
	for _, r := range rows {
		byName[r.Name] = r
	}
	var all []Target
	for _, comparison := range []struct {
		needs []string
		judge func([]Row) Target
	}{
		{[]string{"ADD  1", "ADD  8", "ADD 32"}, noStep},
		{[]string{"ADD  1, pod read", "ADD  8, pod read", "ADD 32, pod read"}, noStep},
		{[]string{"ADD  8, 10ms", "ADD 32, 10ms"}, noFurtherTurn},
		{[]string{"ADD  8, no event, 10ms", "ADD  8, 10ms"}, eventIsFree},
		{[]string{"DEL  0, 1 recorded", "DEL  0, 1000 recorded"}, recordsAreFree},
	} {
		var found []Row
		for _, name := range comparison.needs {
			if r, ok := byName[name]; ok {
				found = append(found, r)
			}
		}
		if len(found) == len(comparison.needs) {
			all = append(all, comparison.judge(found))
		}
	}
	return all
}

// noStep: what 32 networks cost beyond the line through one and eight of them.
func noStep(r []Row) Target {
	each := (r[1].Over - r[0].Over) / float64(r[1].setup.nads-r[0].setup.nads)
	line := r[1].Over + each*float64(r[2].setup.nads-r[1].setup.nads)
	return Target{r[2].Name + ", by the line through " + r[0].Name + " and " + r[1].Name, r[2].Over / line, 1.25, ""}
}

// noFurtherTurn: 32 networks wait no further time for the API server than eight do.
func noFurtherTurn(r []Row) Target {
	return Target{r[1].Name + ", wall beyond that of " + r[0].Name, r[1].OverWall - r[0].OverWall,
		milliseconds(far) + r[1].OverCPU - r[0].OverCPU, "ms"}
}

// eventIsFree: the event is on its way along with the status.
func eventIsFree(r []Row) Target {
	return Target{"event, wall", r[1].OverWall - r[0].OverWall, 3, "ms"}
}

func recordsAreFree(r []Row) Target {
	return Target{r[1].Name + ", beyond that of 1", r[1].Over - r[0].Over, 0.1, "B"}
}
