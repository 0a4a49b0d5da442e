// Multus is a CNI plugin that gives a pod several network interfaces, and a command
// line for those who look after it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run keeps os.Exit out of the way of deferred calls. A runtime that ends us
// with SIGTERM still has what was attached so far detached.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("CNI_COMMAND") != "" {
		return plugin(ctx, process{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
	}
	return commandLine(ctx, cli{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
}
