package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/node"
	"github.com/multus-cni/multus/pkg/rawjson"
	"github.com/multus-cni/multus/pkg/state"
)

// installFlags are the flags of install and uninstall.
type installFlags struct {
	node.Options
	distribution string
	socket       string // of the container runtime
	onHost       bool   // what is stale is left to the runtime's next command
	overrideName bool
	addedBinDirs []string
	skipBinary   bool
	once         bool
	cleanup      bool
	wait         time.Duration
	listen       string
}

// Groups of flags, as the usage shows them; annotations of all but those of the first.
const (
	groupOwn   = "Flags"
	groupKeys  = "Keys of the configuration (see docs/configuration.md)"
	groupOlder = "Flags of older deployments"
)

// common are the flags that say where things are.
func (f *installFlags) common(flags *pflag.FlagSet) {
	flags.StringVar(&f.distribution, "distribution", "auto", "`NAME` of a preset for the directories: auto, kubeadm, k3s, rke2, microk8s, k0s, talos, openshift, gke, k3d, minikube")
	flags.StringVar(&f.ConfDir, "cni-conf-dir", "", "`DIR` of the runtime's configurations (default from the preset)")
	flags.StringArrayVar(&f.BinDirs, "cni-bin-dir", nil, "`DIR` of the plugins, repeatable (default from the preset)")
	flags.StringVar(&f.ConfFile, "multus-conf-file", "auto", "`FILE` name of multus's configuration, or the path of a file that is installed as it is; auto: generated as 00-multus.conflist")
	flags.Func("state-dir", "`DIR` of the records (default "+config.Default().CNIDir+")", func(dir string) error {
		f.Keys = f.Keys.With("cniDir", rawjson.Quote(dir))
		return nil
	})
	flags.StringVar(&f.socket, "runtime-socket", "", "`SOCKET` of the container runtime (CRI), which is asked for its sandboxes before one is taken for stale")
	flags.BoolVar(&f.skipBinary, "skip-multus-binary-copy", false, "the binary is somebody else's: neither copy nor remove it")
	flags.StringVar(&f.Kubeconfig, "multus-kubeconfig-file-host", "", "`PATH` at which the kubeconfig is written (default multus.d/multus.kubeconfig in cni-conf-dir)")
	flags.Func("set", "`KEY=VALUE` of the configuration, the value as JSON or as plain text; repeatable", func(pair string) error {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return errors.New("KEY=VALUE is expected")
		}
		f.Keys = f.Keys.With(key, config.Value(key, value))
		return nil
	})
}

// files are the flags that say what is put on the node.
func (f *installFlags) files(flags *pflag.FlagSet) {
	flags.StringVar(&f.ClusterNetwork, "multus-master-cni-file-name", "", "`FILE` name of the default network's configuration (default the first that can be one)")
	flags.BoolVar(&f.Early, "early", false, "write the configuration even before there is a default network, so that no pod starts without multus")
	flags.StringVar(&f.CNIVersion, "cni-version", "", "`VERSION` of the configuration (default the default network's)")
	flags.StringVar(&f.Name, "network-name", "", "`NAME` of the configuration (default the default network's own)")
	flags.StringVar(&f.Plugins, "copy-plugins", "", "`DIR` whose plugins are copied too")
	flags.DurationVar(&f.Poll, "poll", 30*time.Second, "`TIME` between two looks where no change is noticed")
	flags.BoolVar(&f.onHost, "collect-on-host", false, "have the runtime's next command finish what is stale, which has what plugins need; for containers")
	flags.BoolVar(&f.once, "once", false, "do it once and end")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9454", "`ADDRESS` of /healthz, /readyz and /metrics; empty for none")
}

// cluster are the flags about the API server, and what is asked of it.
func (f *installFlags) cluster(flags *pflag.FlagSet) {
	flags.StringVar(&f.API.Server, "api-server", "", "`URL` of the API server (default from KUBERNETES_SERVICE_HOST and _PORT)")
	flags.StringVar(&f.API.Account, "service-account", "/var/run/secrets/kubernetes.io/serviceaccount", "`DIR` of the projected service account")
	flags.DurationVar(&f.API.TokenLifetime, "token-lifetime", 24*time.Hour, "`TIME` that a token for the plugin is asked for; it is renewed at a quarter of it")
	flags.StringVar(&f.API.NodeName, "node-name", "", "`NAME` of this node (default from the projected token)")
	flags.StringVar(&f.API.Namespace, "namespace", "", "`NAMESPACE` of the DaemonSet (default the service account's)")
	flags.StringVar(&f.API.DaemonSet, "daemonset", "multus", "`NAME` of the DaemonSet that is asked for on exit: where it was deleted, multus leaves the node; empty: it never does")
	flags.StringVar(&f.Repair, "repair", node.RepairEvent, "`HOW` pods are dealt with that started without the networks they asked for: off, event or delete")
	flags.StringVar(&f.Taint, "taint", "", "`KEY` of a taint that is taken from the node when it is ready, such as multus-cni.io/not-ready; empty for none")
}

// olderNames are the flags of older deployments, with the meaning that they had.
func (f *installFlags) olderNames(flags *pflag.FlagSet) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.StringVar(&f.PrimaryDir, "multus-autoconfig-dir", "", "`DIR` in which the default network's configuration is looked for (default cni-conf-dir)")
	own.StringArrayVar(&f.addedBinDirs, "additional-bin-dir", nil, "`DIR` in which plugins are looked for too: binDir of the configuration; repeatable")
	own.BoolVar(&f.overrideName, "override-network-name", true, "give the configuration the default network's name; false: multus-cni-network")
	own.BoolVar(&f.cleanup, "cleanup-config-on-exit", true, "leave the node on exit where the DaemonSet was deleted; never on any other exit")
	for old, now := range map[string]string{"multus-log-level": "log-level", "multus-log-file": "log-file", "multus-log-to-stderr": "log-to-stderr"} {
		alias := *flags.Lookup(now)
		alias.Name, alias.Usage, alias.Annotations = old, "the same as --"+now, nil
		own.AddFlag(&alias)
	}
	for _, name := range []string{"rename-conf-file", "restart-crio", "force-cni-version", "skip-config-watch"} {
		own.Bool(name, false, "accepted, without effect: nothing needs it any more")
	}
	own.VisitAll(func(flag *pflag.Flag) {
		_ = own.SetAnnotation(flag.Name, groupOlder, nil) // it exists
		flags.AddFlag(flag)
	})
}

// keys declares a flag for every key of the configuration.
func (f *installFlags) keys(flags *pflag.FlagSet) {
	for _, option := range config.Options() {
		flag, set := kebab(option.Key), func(text string) error {
			f.Keys = f.Keys.With(option.Key, config.Value(option.Key, text))
			return nil
		}
		if option.Bool {
			flags.BoolFunc(flag, option.Key, set)
		} else {
			flags.Func(flag, "`VALUE` of "+option.Key, set)
		}
		_ = flags.SetAnnotation(flag, groupKeys, []string{option.Key}) // it exists
	}
}

// kebab is a key of the configuration as the name of a flag: allow-pod-device-id.
func kebab(key string) string {
	ends := regexp.MustCompile(`([a-z])([A-Z])|([A-Z])([A-Z][a-z])`) // of words
	return strings.ToLower(ends.ReplaceAllString(key, "$1$3-$2$4"))
}

// complete fills in what was not given: from the environment, then from the preset.
func (f *installFlags) complete(flags *pflag.FlagSet) error {
	faults := []error{f.environment(flags)}
	dirs, err := preset(&f.distribution)
	faults = append(faults, err)
	f.ConfDir = cmp.Or(f.ConfDir, dirs.Conf)
	if len(f.BinDirs) == 0 {
		f.BinDirs = []string{dirs.Bin}
	}
	if f.API.Server == "" {
		f.API.Server = node.ServerURL(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	}
	if _, given := f.Keys.Text("kubeletRoot"); !given && dirs.Kubelet != "" {
		f.Keys = f.Keys.With("kubeletRoot", rawjson.Quote(dirs.Kubelet))
	}
	if !f.skipBinary {
		f.Binary, err = os.Executable()
		faults = append(faults, err)
	}
	f.translate()
	return errors.Join(faults...)
}

// preset are the directories of a distribution; of the one that is found for "auto".
func preset(distribution *string) (node.Dirs, error) {
	if *distribution == "auto" {
		*distribution = node.Detect("")
	}
	dirs, known := node.Preset(*distribution, "")
	if !known {
		return dirs, fmt.Errorf("--distribution %q is not known; see `multus install --help`", *distribution)
	}
	return dirs, nil
}

// environment takes flags that were not given from the environment. An empty
// variable is as good as none.
func (f *installFlags) environment(flags *pflag.FlagSet) error {
	var faults []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "MULTUS_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(variable)
		for _, key := range flag.Annotations[groupKeys] {
			if _, given := f.Keys.Value(key); given { // with --set, or by an older name
				return
			}
		}
		if value == "" || flag.Changed {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", variable, err))
		}
	})
	return errors.Join(faults...)
}

// translate makes what several flags say together one thing.
func (f *installFlags) translate() {
	switch {
	case f.ConfFile == "auto":
		f.ConfFile = ""
	case filepath.IsAbs(f.ConfFile):
		f.Template, f.ConfFile = f.ConfFile, filepath.Base(f.ConfFile)
	}
	if len(f.addedBinDirs) > 0 {
		f.Keys = f.Keys.With("binDir", config.Value("binDir", strings.Join(f.addedBinDirs, ",")))
	}
	if !f.overrideName && f.Name == "" {
		f.Name = "multus-cni-network"
	}
}

// state is where the records are.
func (f *installFlags) state() state.Dir {
	dir, _ := f.Keys.Text("cniDir")
	return state.Dir(cmp.Or(dir, config.Default().CNIDir))
}
