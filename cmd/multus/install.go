package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/node"
)

// collectPause is the time between two looks for stale sandboxes.
const collectPause = 5 * time.Minute

func installCommand(std streams) *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put multus on this node and keep it current",
		Long: `Puts multus on this node and keeps it current: the binary beside the other
plugins, a kubeconfig, and a configuration before all others, made from the
default network that is found there. Runs until it is stopped, and leaves
everything in place then, so that no pod starts without its networks while it is
replaced by a newer one.

Every flag can be given as an environment variable too: MULTUS_CNI_CONF_DIR for
--cni-conf-dir. Keys of the configuration have flags of their names, and --set
takes every one of them.`,
		Example: "  multus install --once --cni-conf-dir /etc/cni/net.d\n  multus install --namespace-isolation --global-namespaces default,shared",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.complete(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return install(cmd.Context(), std, f) },
	}
	f.common(cmd.Flags())
	f.files(cmd.Flags())
	f.cluster(cmd.Flags())
	f.keys(cmd.Flags())
	f.olderNames(cmd.Flags())
	return cmd
}

func uninstallCommand(std streams) *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take multus away from this node",
		Long: `Takes multus's configuration away from this node, and then, where no sandbox is
recorded any more, the kubeconfig and the binary. While pods that multus
attached still run the binary stays, for it is needed to detach them: run
uninstall again later.`,
		Example: "  multus uninstall",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.complete(cmd.Flags()) },
		RunE: func(*cobra.Command, []string) error {
			recs, err := f.state().List()
			if err != nil {
				return err
			}
			recorded := len(recs)
			inUse := recorded > 0
			removed, err := node.Node{Options: f.Options}.Leave(inUse)
			for _, path := range removed {
				fmt.Fprintln(std.out, "removed", path)
			}
			if inUse {
				fmt.Fprintf(std.out, "%d sandboxes are attached still: the binary stays until they are gone; see `multus list`\n", recorded)
			}
			return err
		},
	}
	f.common(cmd.Flags())
	return cmd
}

func install(ctx context.Context, std streams, f installFlags) error {
	log := logrus.New()
	log.SetOutput(std.err)
	entry := logrus.NewEntry(log)
	if !f.skipBinary {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		f.Binary = self
	}
	n := node.Node{Options: f.Options, Log: entry}
	entry.WithFields(logrus.Fields{"distribution": f.distribution, "confDir": f.ConfDir, "binDirs": f.BinDirs, "apiServer": f.API.Server}).Info("installing")
	if err := n.Check(); err != nil {
		return err
	}
	if f.once {
		_, err := n.Reconcile()
		return err
	}
	w := &watched{node: f.Options, health: &node.Health{}, plugin: f.collector(entry)}
	go w.collect(ctx, entry)
	if f.listen != "" {
		go w.receive(ctx, entry)
		w.serve(ctx, f.listen, entry)
	}
	return n.Run(ctx, w.health)
}

// collector is the plugin that finishes what no runtime will.
func (f installFlags) collector(log *logrus.Entry) multus.Plugin {
	conf := config.Default()
	conf.CNIDir, conf.BinDir = string(f.state()), f.BinDirs
	return newPlugin(nil, conf, log)
}

// collect finishes, at once and then every few minutes, what no runtime will: CRI-O
// never repeats a DEL that failed, and containerd never calls GC.
func (w *watched) collect(ctx context.Context, log *logrus.Entry) {
	for {
		finished, err := w.plugin.Collect(ctx, nil)
		w.collection(len(finished), err)
		for _, k := range finished {
			log.WithField("sandbox", k.String()).Info("finished what was left of it")
		}
		if err != nil && ctx.Err() == nil {
			log.WithError(err).Warn("some stale sandboxes are left")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(collectPause):
		}
	}
}

// serve answers /healthz while the process lives, /readyz while the node is as it
// should be, and /metrics.
func (w *watched) serve(ctx context.Context, address string, log *logrus.Entry) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(out http.ResponseWriter, _ *http.Request) {
		if err := w.health.Err(); err != nil {
			http.Error(out, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(out, "ok")
	})
	mux.Handle("GET /metrics", w)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.WithError(err).Error("health and metrics are not served")
		}
	}()
}
