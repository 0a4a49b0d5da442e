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

// run keeps os.Exit out of the way of deferred calls.
func run() int {
	command := os.Getenv("CNI_COMMAND")
	ctx, stop := interruptible(context.Background(), command)
	defer stop()
	if command != "" {
		return plugin(ctx, process{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
	}
	return commandLine(ctx, cli{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
}

// interruptible ends with SIGINT or SIGTERM where something is to be undone
// then: ADD still detaches what it attached so far. The other commands of CNI
// are ended by the signal itself; each of them may be repeated as it is, and a
// signal handler has its price in a process of a few milliseconds.
func interruptible(ctx context.Context, command string) (context.Context, context.CancelFunc) {
	if command != "" && command != "ADD" {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
