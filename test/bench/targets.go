package main

import (
	"fmt"
	"strings"
)

// target is a bound that the project has set itself.
type target struct {
	what         string
	value, bound float64
	unit         string
}

func (t target) met() bool { return t.value <= t.bound }

// verdict tells what the row's targets came to: those that are missed, else all.
func (r Row) verdict() string {
	texts := map[bool][]string{}
	for _, t := range r.targets() {
		texts[t.met()] = append(texts[t.met()], fmt.Sprintf("%s ≤ %.3g", t.what, t.bound))
	}
	if len(texts[false]) > 0 {
		return "MISSED " + strings.Join(texts[false], ", ")
	}
	return "ok     " + strings.Join(texts[true], ", ")
}

// targets are those of a single row.
func (r Row) targets() []target {
	all := []target{{"MiB", r.Memory, 20 * float64(r.setup.size()), "MiB"}}
	switch {
	case r.setup.herd:
	case r.command == "ADD":
		all = append(all, r.addTargets()...)
	case r.command == "DEL":
		all = append(all, target{"requests", r.Requests, 0, ""})
		if r.setup.nads <= 8 {
			all = append(all, target{"B", r.Over, 0.85, "B"})
		}
	case r.command == "multus":
		all = append(all, target{"init ms", r.Init, 2.5, "ms"})
	}
	return all
}

func (r Row) addTargets() []target {
	s := r.setup
	all := []target{{"requests", r.Requests, s.needed(), ""}}
	switch {
	case s.nads == 0 && !s.reads && s.silent && s.quiet:
		all = append(all, target{"B", r.Over, 1.1, "B"})
	case s.nads == 0 && !s.reads && s.silent:
		all = append(all, target{"B", r.Over, 1.9, "B"})
	case s.nads == 8 && s.latency == near:
		all = append(all, target{"B", r.Over, 3, "B"})
	case s.nads <= 8 && s.latency == far && s.reads:
		all = append(all, target{"+ms wall", r.OverWall, 45, "ms"})
	case s.nads <= 8 && s.latency == far:
		all = append(all, target{"+ms wall", r.OverWall, 35, "ms"})
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
func compare(rows []Row) []target {
	byName := map[string]Row{}
	for _, r := range rows {
		byName[r.Name] = r
	}
	var all []target
	for _, comparison := range []struct {
		needs []string
		judge func([]Row) target
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
func noStep(r []Row) target {
	each := (r[1].Over - r[0].Over) / float64(r[1].setup.nads-r[0].setup.nads)
	line := r[1].Over + each*float64(r[2].setup.nads-r[1].setup.nads)
	return target{r[2].Name + ", by the line through " + r[0].Name + " and " + r[1].Name, r[2].Over / line, 1.25, ""}
}

// noFurtherTurn: 32 networks wait no further time for the API server than eight do.
func noFurtherTurn(r []Row) target {
	return target{r[1].Name + ", wall beyond that of " + r[0].Name, r[1].OverWall - r[0].OverWall,
		milliseconds(far) + r[1].OverCPU - r[0].OverCPU, "ms"}
}

// eventIsFree: the event is on its way along with the status.
func eventIsFree(r []Row) target {
	return target{"event, wall", r[1].OverWall - r[0].OverWall, 3, "ms"}
}

func recordsAreFree(r []Row) target {
	return target{r[1].Name + ", beyond that of 1", r[1].Over - r[0].Over, 0.1, "B"}
}
