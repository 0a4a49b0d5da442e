// Flanneld is flannel's daemon as far as a pod network needs it: it leases this
// node's subnet, writes the file that the flannel plugin reads, and keeps the
// routes to the other nodes' subnets. Its parts are flannel's own packages; of
// its backends there is VXLAN alone, for the modules of others cannot be had from
// the module proxy, and of rules for packet filters nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan" // registers itself
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/etcd"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
)

// renewMargin is how many minutes before its end a lease in etcd is renewed.
const renewMargin = 60

type options struct {
	kubeconfig, netConf, subnetFile, iface, etcd, prefix string
}

func main() {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "leases are annotations of the cluster's nodes; NODE_NAME is this one")
	flag.StringVar(&o.netConf, "net-conf", "", "file of flannel's configuration, with -kubeconfig")
	flag.StringVar(&o.etcd, "etcd", "", "leases are in the etcd at this address")
	flag.StringVar(&o.prefix, "etcd-prefix", "/coreos.com/network", "where in etcd, with the configuration in /config")
	flag.StringVar(&o.subnetFile, "subnet-file", "/run/flannel/subnet.env", "file that the plugin reads")
	flag.StringVar(&o.iface, "iface", "eth0", "link to the other nodes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "flanneld:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	manager, err := leases(ctx, o)
	if err != nil {
		return err
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	stack, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return err
	}
	link, err := ipmatch.LookupExtIface(o.iface, "", "", stack, ipmatch.PublicIPOpts{})
	if err != nil {
		return err
	}
	vxlan, err := backend.NewManager(ctx, manager, link).GetBackend(config.BackendType)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	network, err := vxlan.RegisterNetwork(ctx, &running, config)
	if err != nil {
		return err
	}
	lease := network.Lease()
	if err := manager.HandleSubnetFile(o.subnetFile, config, false, lease.Subnet, lease.IPv6Subnet, network.MTU()); err != nil {
		return err
	}
	running.Go(func() { network.Run(ctx) })
	err = manager.CompleteLease(ctx, lease, &running)
	running.Wait()
	return err
}

// leases is where nodes agree on their subnets.
func leases(ctx context.Context, o options) (subnet.Manager, error) {
	if o.etcd == "" {
		return kube.NewSubnetManager(ctx, "", o.kubeconfig, "flannel.alpha.coreos.com", o.netConf, false)
	}
	config := &etcd.EtcdConfig{Endpoints: strings.Split(o.etcd, ","), Prefix: o.prefix}
	return etcd.NewLocalManager(ctx, config, ip.IP4Net{}, ip.IP6Net{}, renewMargin)
}
