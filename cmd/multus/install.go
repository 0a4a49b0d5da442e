package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/node"
)

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
		Args:    cobra.NoArgs,
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

func install(ctx context.Context, std streams, f installFlags) error {
	log := std.log()
	n := node.Node{Options: f.Options, Log: log}
	log.WithFields(logrus.Fields{"distribution": f.distribution, "confDir": f.ConfDir, "binDirs": f.BinDirs, "apiServer": f.API.Server}).Info("installing")
	if err := n.Check(); err != nil {
		return err
	}
	if f.once {
		_, err := n.Once(ctx)
		return err
	}
	w := &watched{node: f.Options, health: &node.Health{}, plugin: f.collector(log)}
	owner := n.Owner()
	go owner.Greet(ctx)
	go w.collect(ctx, &f, &node.Repairer{Node: n})
	if f.listen != "" {
		go w.receive(ctx, log)
		w.serve(ctx, f.listen, log)
	}
	n.Run(ctx, w.health)
	if ctx := context.WithoutCancel(ctx); f.cleanup && owner.Gone(ctx) {
		return f.depart(ctx, n)
	}
	log.Info("ended; everything stays as it is")
	return nil
}

// log tells what is done on a node.
func (s streams) log() *logrus.Entry {
	return logrus.NewEntry(newLog(config.Log{Level: "info", ToStderr: true}, s.err))
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
