// Multus is a CNI plugin that gives a pod several network interfaces, and a command
// line for those who look after it.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run keeps os.Exit out of the way of deferred calls.
func run() int {
	std := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if filepath.Base(os.Args[0]) == "kubectl-multus" {
		std.called = "kubectl multus"
	}
	if os.Getenv("CNI_COMMAND") != "" {
		// A runtime's signal ends ADD so that it detaches what it attached so far, and
		// DEL so that it says what is left. The process ends with its handler.
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		return plugin(ctx, os.Getenv, std)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return commandLine(ctx, std, os.Args[1:])
}
