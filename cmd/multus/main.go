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
	// A signal ends ADD so that it detaches what it attached so far, and DEL so
	// that it says what is left.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("CNI_COMMAND") != "" {
		return plugin(ctx, process{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
	}
	return commandLine(ctx, cli{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}, os.Args[1:])
}
