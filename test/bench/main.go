// Bench measures whole executions of multus, as a container runtime makes them,
// against the bare cost of executing the same delegates, and holds both
// together to the targets that the project has set itself:
//
//	go run ./test/bench                    all of it, in about three minutes
//	go run ./test/bench -rounds 5          enough to see that it works, not to trust a figure
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
	"slices"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if len(os.Args) == 5 && os.Args[1] == serving {
		err = serve(os.Args[2], os.Args[3], os.Args[4])
	} else {
		err = run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	rounds := flag.Uint("rounds", 40, "how often each case is measured")
	pattern := flag.String("only", "", "measure the cases whose name matches this regular expression")
	binary := flag.String("binary", "", "measure this multus instead of building one")
	flag.Parse()
	only, err := regexp.Compile(*pattern)
	if err != nil || *rounds == 0 || flag.NArg() > 0 {
		return errors.Join(errors.New("usage: bench [-rounds N] [-only EXPRESSION] [-binary FILE]"), err)
	}
	scratch, err := os.MkdirTemp("", "multus-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	w, err := newWorld(scratch, *binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	chosen := slices.DeleteFunc(cases(), func(m measurement) bool { return !only.MatchString(m.title()) })
	results, err := w.measure(ctx, chosen, int(*rounds))
	if err != nil {
		return err
	}
	return results.print(os.Stdout)
}
