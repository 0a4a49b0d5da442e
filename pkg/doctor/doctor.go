package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Level is how bad a finding is.
type Level string

// The levels. What cannot be seen from here, as from a container, is unknown.
const (
	OK      Level = "ok"
	Unknown Level = "unknown"
	Warning Level = "warning"
	Fault   Level = "fault"
)

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	What  string `json:"what"`
	Cure  string `json:"cure,omitempty"`

	fix func(context.Context) (done string, err error)
}

// Node is the node to look at. Paths are those of the host.
type Node struct {
	ConfDir string   // the runtime's directory of configurations; empty: as the runtime says, else the preset's
	BinDirs []string // likewise, of plugins
	Conf    string   // multus's configuration; empty: the first one of the directory
	// Preset is what the distribution's directories are where nothing else says it.
	Preset struct{ ConfDir, BinDir string }
	// Limit bounds each check.
	Limit time.Duration
	Fix   bool
	// Collect has what is stale of the records in a directory detached, as multus gc
	// does; it tells what it did.
	Collect func(ctx context.Context, stateDir string, binDirs []string) (done string, err error)
}

// check is one check: a name that docs/doctor.md explains, and what it finds.
type check struct {
	name string
	run  func(context.Context, *survey) []Finding
}

// checks are those that there is something for: the configuration, the kubeconfig and
// the API server may be missing.
func checks(s *survey) []check {
	all := []check{{"configuration", configuration}, {"runtime", runtimeKnown}, {"older", older}, {"state", stateDirectory}, {"records", records}}
	if s.file == "" {
		return all
	}
	all = append(all, check{"binary", ownBinary}, check{"selinux", selinux}, check{"modes", modes})
	if s.broken {
		return all
	}
	all = append(all, check{"readiness", readiness}, check{"default-network", defaultNetwork},
		check{"plugins", plugins}, check{"addresses", addresses})
	if s.client == nil {
		return all
	}
	all = append(all, check{"credential", credential})
	if s.client.Check() != nil { // all of the others would say the same again
		return all
	}
	return append(all, check{"api", api}, check{"clock", clock}, check{"permissions", permissions}, check{"networks", networks})
}

// Check looks at the node. The findings are in the order of the checks, which run at
// the same time.
func (n Node) Check(ctx context.Context) []Finding {
	var s *survey
	first := check{"configuration", func(context.Context, *survey) []Finding {
		s = n.survey(ctx)
		return nil
	}}
	if failed := n.bounded(ctx, first, nil); failed != nil {
		return failed
	}
	if s.client != nil {
		defer s.client.Close()
	}
	all := checks(s)
	found := slices.Concat(together(len(all), all, func(c check) []Finding { return n.bounded(ctx, c, s) })...)
	for i := range found {
		n.mend(ctx, &found[i])
	}
	return found
}

// together does something with all items, some at the same time. The answers are in
// the order of the items.
func together[T, A any](atOnce int, items []T, do func(T) A) []A {
	answers := make([]A, len(items))
	var group sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for i, item := range items {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			answers[i] = do(item)
		})
	}
	group.Wait()
	return answers
}

// bounded runs a check, and gives up on one that does not come back: file systems hang
// too, and heed no context.
func (n Node) bounded(ctx context.Context, c check, s *survey) []Finding {
	ctx, cancel := context.WithTimeout(ctx, n.Limit)
	defer cancel()
	answer := make(chan []Finding, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				answer <- faulty("", "this check failed: %v", p)
			}
		}()
		answer <- c.run(ctx, s)
	}()
	var found []Finding
	select {
	case found = <-answer:
	case <-time.After(n.Limit + time.Second): // by then those have come back that heed the context
		found = faulty("see whether a file system or a plugin hangs", "no answer within %s", n.Limit)
	}
	for i := range found {
		found[i].Check = c.name
	}
	return found
}

// mend mends what a finding is about, if that is asked for and safe.
func (n Node) mend(ctx context.Context, f *Finding) {
	if f.fix == nil || !n.Fix {
		return
	}
	if done, err := f.fix(ctx); err != nil {
		f.Cure = fmt.Sprintf("%s; --fix could not: %v", f.Cure, err)
	} else {
		*f = Finding{Check: f.Check, Level: OK, What: "mended: " + done}
	}
}

func finding(level Level, cure, what string, args ...any) []Finding {
	return []Finding{{Level: level, What: fmt.Sprintf(what, args...), Cure: cure}}
}

func ok(what string, args ...any) []Finding      { return finding(OK, "", what, args...) }
func unknown(what string, args ...any) []Finding { return finding(Unknown, "", what, args...) }
func warning(cure, what string, args ...any) []Finding {
	return finding(Warning, cure, what, args...)
}
func faulty(cure, what string, args ...any) []Finding {
	return finding(Fault, cure, what, args...)
}

// or is what was found, the first of many, or else that all is well.
func or(found, well []Finding) []Finding {
	if len(found) == 0 {
		return well
	}
	const most = 10
	if len(found) > most {
		more := finding(found[most].Level, "", "and %d more like these", len(found)-most)
		return append(found[:most:most], more...)
	}
	return found
}

// counted is "1 sandbox", "2 sandboxes".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// joined is "a, b and 3 more".
func joined(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
}
