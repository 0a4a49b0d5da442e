// Devices stands for the hardware of a node in tests: a device plugin and a driver
// of dynamic resource allocation, both for devices that do not exist.
//
//	devices plugin -resource e2e.test/vf -devices d1,d2,d3
//	devices driver -driver dra.e2e.test -resource e2e.test/nic -devices n1,n2 -kubeconfig FILE -node NAME
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// options are the flags of both.
type options struct {
	root       string // of the kubelet
	resource   string
	devices    []string
	driver     string
	kubeconfig string
	node       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "devices:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("plugin or driver is expected")
	}
	var o options
	var devices string
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	flags.StringVar(&o.root, "root", "/var/lib/kubelet", "directory of the kubelet")
	flags.StringVar(&o.resource, "resource", "e2e.test/vf", "resource of the devices")
	flags.StringVar(&devices, "devices", "d1,d2,d3", "IDs of the devices")
	flags.StringVar(&o.driver, "driver", "dra.e2e.test", "name of the driver")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file")
	flags.StringVar(&o.node, "node", "e2e", "name of the node")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	o.devices = strings.Split(devices, ",")
	switch args[0] {
	case "plugin":
		return o.plug(ctx)
	case "driver":
		return o.drive(ctx)
	}
	return fmt.Errorf("%q: plugin or driver is expected", args[0])
}
