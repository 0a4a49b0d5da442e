package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/state"
)

// ownConf is the name of Multus's configuration where none is asked for: runtimes
// take the first.
const ownConf = "00-multus.conflist"

// collectPause is the time between two looks for stale sandboxes.
const collectPause = 5 * time.Minute

// installFlags are the flags of install and uninstall.
type installFlags struct {
	node.Options
	distribution string
	binDirs      []string
	skipBinary   bool
	set          []string
	once         bool
	listen       string
}

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
--cni-conf-dir. Keys of the configuration that have no flag of their own are set
with --set.`,
		Example: "  multus install --once --cni-conf-dir /etc/cni/net.d\n  multus install --set 'globalNamespaces=[\"default\",\"shared\"]'",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.complete(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return install(cmd.Context(), std, f) },
	}
	f.common(cmd.Flags())
	cmd.Flags().StringVar(&f.ClusterNetwork, "multus-master-cni-file-name", "", "`FILE` name of the default network's configuration (default the first that can be one)")
	cmd.Flags().BoolVar(&f.Early, "early", false, "write the configuration even before there is a default network, so that no pod starts without multus")
	cmd.Flags().StringVar(&f.CNIVersion, "cni-version", "", "`VERSION` of the configuration (default the default network's)")
	cmd.Flags().StringVar(&f.Name, "network-name", "", "`NAME` of the configuration (default the default network's own)")
	cmd.Flags().BoolVar(&f.skipBinary, "skip-multus-binary-copy", false, "do not copy the binary")
	cmd.Flags().StringVar(&f.Plugins, "copy-plugins", "", "`DIR` whose plugins are copied too")
	cmd.Flags().StringVar(&f.API.Server, "api-server", "", "`URL` of the API server (default from KUBERNETES_SERVICE_HOST and _PORT)")
	cmd.Flags().StringVar(&f.API.Account, "service-account", "/var/run/secrets/kubernetes.io/serviceaccount", "`DIR` of the projected service account")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of the configuration, the value as JSON or as plain text; repeatable")
	cmd.Flags().DurationVar(&f.Poll, "poll", 30*time.Second, "`TIME` between two looks where no change is noticed")
	cmd.Flags().BoolVar(&f.once, "once", false, "do it once and end")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:9454", "`ADDRESS` of /healthz and /readyz; empty for none")
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
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of the configuration, as for install; cniDir counts")
	return cmd
}

// common are the flags that say where things are.
func (f *installFlags) common(flags *pflag.FlagSet) {
	flags.StringVar(&f.distribution, "distribution", "auto", "`NAME` of a preset for the directories: auto, kubeadm, k3s, rke2, microk8s, k0s, talos, openshift, gke, k3d, minikube")
	flags.StringVar(&f.ConfDir, "cni-conf-dir", "", "`DIR` of the runtime's configurations (default from the preset)")
	flags.StringArrayVar(&f.binDirs, "cni-bin-dir", nil, "`DIR` of the plugins, repeatable (default from the preset)")
	flags.StringVar(&f.ConfFile, "multus-conf-file", "auto", "`FILE` name of multus's configuration; auto: "+ownConf)
}

// complete fills in what was not given: from the environment, then from the preset.
func (f *installFlags) complete(flags *pflag.FlagSet) error {
	var faults []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "MULTUS_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value, given := os.LookupEnv(variable); given && !flag.Changed {
			if err := flags.Set(flag.Name, value); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", variable, err))
			}
		}
	})
	if f.distribution == "auto" {
		f.distribution = node.Detect("")
	}
	dirs, known := node.Distributions()[f.distribution]
	if !known {
		faults = append(faults, fmt.Errorf("--distribution %q is not known; see --help", f.distribution))
	}
	if f.ConfDir == "" {
		f.ConfDir = dirs.Conf
	}
	f.BinDirs = f.binDirs
	if len(f.BinDirs) == 0 {
		f.BinDirs = []string{dirs.Bin}
	}
	if f.ConfFile == "auto" {
		f.ConfFile = ownConf
	}
	if f.API.Server == "" {
		f.API.Server = node.ServerURL(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	}
	keys, err := keysOf(f.set)
	f.Keys = keys
	return errors.Join(append(faults, err)...)
}

// state is where the records are.
func (f *installFlags) state() state.Dir {
	if dir, given := f.Keys.Text("cniDir"); given {
		return state.Dir(dir)
	}
	return state.Dir(config.Default().CNIDir)
}

// keysOf reads KEY=VALUE pairs: a value that is JSON counts as that, all else as text.
func keysOf(pairs []string) (rawjson.Object, error) {
	var keys rawjson.Object
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return keys, fmt.Errorf("--set %q: KEY=VALUE is expected", pair)
		}
		raw := json.RawMessage(value)
		if rawjson.Check(raw) != nil {
			raw = rawjson.Quote(value)
		}
		keys = keys.With(key, raw)
	}
	return keys, nil
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
	go f.collect(ctx, entry)
	health := &node.Health{}
	if f.listen != "" {
		serveHealth(ctx, f.listen, health, entry)
	}
	return n.Run(ctx, health)
}

// collect finishes, at once and then every few minutes, what no runtime will: CRI-O
// never repeats a DEL that failed, and containerd never calls GC.
func (f installFlags) collect(ctx context.Context, log *logrus.Entry) {
	conf := config.Default()
	conf.CNIDir, conf.BinDir = string(f.state()), f.BinDirs
	p := newPlugin(nil, conf, log)
	for {
		finished, err := p.Collect(ctx, nil)
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

// serveHealth answers /healthz while the process lives and /readyz while the node is
// as it should be.
func serveHealth(ctx context.Context, address string, health *node.Health, log *logrus.Entry) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := health.Err(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.WithError(err).Error("health is not served")
		}
	}()
}
