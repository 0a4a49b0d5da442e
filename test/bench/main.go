// Bench measures whole executions of multus, as a container runtime makes them,
// against the bare cost of executing the same delegates, and holds both
// together to the targets that the project has set itself:
//
//	go run ./test/bench                    all of it, in about three minutes
//	go run ./test/bench -quick             the same with few rounds
//	go run ./test/bench -only 'ADD  0'     the cases whose name matches
//
// docs/performance.md says what the columns mean.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
)

// options are the command's flags.
type options struct {
	rounds int
	quick  bool
	only   string
	json   string
	binary string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, *regexp.Regexp, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 40, "how often each case is measured")
	flags.BoolVar(&o.quick, "quick", false, "five rounds: enough to see that it works, not to trust a figure")
	flags.StringVar(&o.only, "only", "", "measure the cases whose name matches this regular expression")
	flags.StringVar(&o.json, "json", "", "write the figures to this file as well, as JSON")
	flags.StringVar(&o.binary, "binary", "", "measure this multus instead of building one")
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if flags.NArg() > 0 {
		return o, nil, fmt.Errorf("%q: no arguments are expected", flags.Arg(0))
	}
	if o.quick {
		o.rounds = min(o.rounds, 5)
	}
	if o.rounds < 1 {
		return o, nil, errors.New("-rounds: at least one is needed")
	}
	only, err := regexp.Compile(o.only)
	return o, only, err
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 4 && args[0] == serving {
		return serve(args[1], args[2], args[3])
	}
	o, only, err := parse(args)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "multus-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	w, err := newWorld(ctx, scratch, o.binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	results, err := w.measure(ctx, chosen(cases(), only), o.rounds)
	if err != nil {
		return err
	}
	judge(results.Rows)
	results.Targets = compare(results.Rows)
	if err := results.print(os.Stdout); err != nil || o.json == "" {
		return err
	}
	return results.save(o.json)
}

func chosen(all []measurement, only *regexp.Regexp) []measurement {
	var some []measurement
	for _, m := range all {
		if only.MatchString(m.title()) {
			some = append(some, m)
		}
	}
	return some
}
