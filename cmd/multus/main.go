// Multus is a CNI plugin that gives a pod several network interfaces, and a command
// line for those who look after it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	os.Exit(run())
}

// handlerPause is how long a CNI command runs before it listens to signals.
const handlerPause = 30 * time.Millisecond

// run keeps os.Exit out of the way of deferred calls.
func run() int {
	if os.Getenv("CNI_COMMAND") != "" {
		ctx, stop := interruptible(context.Background())
		defer stop()
		return plugin(ctx, process{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return commandLine(ctx, cli{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
}

// interruptible ends with SIGINT or SIGTERM, so that ADD detaches what it
// attached so far and DEL says what is left. A signal handler has its price in a
// process of a few milliseconds, so a command listens only once it takes longer
// than most: until then the signal ends it, as SIGKILL would, and the record
// tells DEL the rest.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	listen := time.AfterFunc(handlerPause, func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals
		cancel()
	})
	return ctx, func() { listen.Stop(); cancel() }
}
