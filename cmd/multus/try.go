package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/trial"
)

const tryHelp = `Attaches the pods of the files as ADD would, with the real plugins and without a
cluster: each pod gets a network namespace of its own on this machine. Shows the
interfaces as they really are, runs COMMAND inside the first pod, CHECKs and
detaches everything, and proves that nothing is left. Takes root.

The files hold pods, network attachment definitions and, if it is not to be the
default, the Multus configuration; their kubeconfig and readinessIndicatorFile
are not used. What this machine or the files lack is replaced, and said so: a
default network or another that is not among the files, a plugin, a link that
a network names as its master, a device. --stand-ins=false has that refused, but
for the default network where there is no configuration.
Plugins are looked for in --bin, $CNI_PATH, the configuration's binDir and the
directory "plugins" beside this program, in this order.

COMMAND finds in its environment, for each pod and interface of the files, with
names in upper case and "_" for what is neither letter nor digit:
  MULTUS_POD                  the pod it runs in, namespace/name
  MULTUS_IP_<POD>_<IFACE>     the interface's first address, without prefix
  MULTUS_IP6_<POD>_<IFACE>    its first IPv6 address
  MULTUS_NETNS_<POD>          the pod's network namespace, for nsenter --net=
Pods that differ in their namespaces alone are called <NAMESPACE>_<POD>.

The exit code is COMMAND's; else 0, or 1 if anything failed or was left.`

// tryConf is the configuration where the files hold none. The files are its API
// server.
const tryConf = `{"cniVersion": "1.1.0", "name": "multus", "type": "multus", "kubeconfig": "/dev/null"}`

// tryOptions are the flags of try.
type tryOptions struct {
	files   []string
	bin     []string
	state   string
	keep    bool
	remove  string
	verbose bool
	standIn bool
	command []string
}

func tryCommand(std streams) *cobra.Command {
	var opts tryOptions
	cmd := &cobra.Command{
		Use:   "try {-f FILE... [-- COMMAND [ARG...]] | --remove ID}",
		Short: "Attach pods from files with the real plugins, no cluster needed",
		Long:  tryHelp,
		Example: `  multus try -f examples/quickstart
  multus try -f pods.yaml -f nets/ -- sh -c 'ping -c1 $MULTUS_IP_SECOND_NET0'
  multus try --keep -f pods.yaml -- ip address
  multus try --remove all`,
		Args: func(cmd *cobra.Command, args []string) error { return opts.check(args, cmd.ArgsLenAtDash()) },
		RunE: func(cmd *cobra.Command, _ []string) error { return try(cmd.Context(), std, opts) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&opts.files, "file", "f", nil, "`FILE` or directory to read, - is standard input; repeatable")
	binFlag(fs, &opts.bin)
	fs.StringVar(&opts.state, "state", "", "`DIR` to keep the records in (default: a scratch directory)")
	fs.BoolVar(&opts.keep, "keep", false, "keep everything and say how to look into it and how to remove it")
	fs.BoolVar(&opts.standIn, "stand-ins", true, "replace what this machine or the files lack")
	fs.StringVar(&opts.remove, "remove", "", "remove what an earlier --keep kept; `ID` is what it said, or \"all\"")
	fs.BoolVarP(&opts.verbose, "verbose", "v", false, "log what the plugin logs at level debug")
	return cmd
}

func try(ctx context.Context, std streams, opts tryOptions) error {
	if os.Geteuid() != 0 {
		return errors.New("makes network namespaces and interfaces on this machine, which takes root: run it with sudo")
	}
	// Neither the end of the terminal nor that of a pipe that we print to ends us before
	// everything is taken down.
	ctx, done := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer done()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if opts.remove != "" {
		return removeTrials(ctx, std, opts)
	}
	s, err := beginTrial(ctx, std, opts)
	if err != nil {
		return err
	}
	attaching := progress(std, "attaching")
	code, failed := exitOK, s.Attach(ctx)
	attaching()
	attached := failed == nil
	if attached && len(opts.command) > 0 {
		cmd := exec.Command(opts.command[0], opts.command[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = std.in, std.out, std.err
		code, failed = s.Run(cmd, onTerminal(std.in))
	}
	// What the command was interrupted with was meant for the command.
	ctx = context.WithoutCancel(ctx)
	if attached {
		failed = errors.Join(failed, s.Check(ctx))
	}
	if failed != nil {
		code = max(code, complain(std, "multus try", failed))
	}
	if attached && opts.keep {
		s.Keep()
	} else if !s.Remove(ctx) {
		code = max(code, exitFailed)
	}
	return exitCode(code)
}

// beginTrial reads the files, and plans what is in them.
func beginTrial(ctx context.Context, std streams, opts tryOptions) (*trial.Session, error) {
	objects, err := std.read(opts.files...)
	if err != nil {
		return nil, err
	}
	if len(objects.Pods()) == 0 {
		return nil, errors.New("no pods in the files: a Pod that selects networks is what is to be tried")
	}
	conf, given := objects.Conf()
	if !given {
		conf = []byte(tryConf)
		std.warn("no multus configuration among the files: a default network is assumed")
	}
	plugin, err := tryPlugin(std, opts, conf)
	if err != nil {
		return nil, err
	}
	plugin.Cluster = objects
	o := trial.Options{Conf: conf, Pods: objects.Pods(), State: opts.state, Report: std.out}
	if opts.standIn || !given {
		o.StandIns = &trial.StandIns{
			Objects: objects, Find: plugin.Runner.Find, DefaultAlone: !opts.standIn,
			Warn: func(text string) { std.warn(text) },
		}
		parsed, err := objects.Config()
		if err != nil {
			return nil, fmt.Errorf("multus configuration: %w", err)
		}
		if err := o.StandIns.Equip(ctx, &plugin, parsed); err != nil {
			return nil, err
		}
	}
	o.Plugin = plugin
	return trial.Begin(ctx, o)
}

// removeTrials takes down what earlier runs kept, or left when they were killed.
func removeTrials(ctx context.Context, std streams, opts tryOptions) error {
	ids := []string{opts.remove}
	if opts.remove == "all" {
		if ids = trial.Kept(); len(ids) == 0 {
			fmt.Fprintln(std.out, "nothing is kept")
		}
	}
	code := exitOK
	for _, id := range ids {
		s, err := trial.Resume(id, std.out, func(conf []byte) (multus.Plugin, error) { return tryPlugin(std, opts, conf) })
		if err != nil {
			code = complain(std, "multus try", err)
			continue
		}
		if !s.Remove(context.WithoutCancel(ctx)) {
			code = exitFailed
		}
	}
	return exitCode(code)
}

// check takes the arguments, of which those from dash on are the command, and
// refuses what cannot be.
func (o *tryOptions) check(args []string, dash int) error {
	if dash >= 0 {
		args, o.command = args[:dash], args[dash:]
	}
	switch {
	case len(args) > 0:
		return fmt.Errorf("%q: files are given with -f, a command behind --", args[0])
	case o.remove != "" && (len(o.files) > 0 || o.keep || len(o.command) > 0):
		return errors.New("--remove stands alone: what was kept is remembered")
	case o.remove == "" && len(o.files) == 0:
		return errors.New("no files given: -f FILE")
	}
	if o.state == "" {
		return nil
	}
	var err error
	o.state, err = filepath.Abs(o.state) // it is remembered
	return err
}

// tryPlugin is the plugin as a runtime would run it, but for the API server,
// which the files are, and readiness, which nothing but a cluster could tell.
func tryPlugin(std streams, opts tryOptions, conf []byte) (multus.Plugin, error) {
	parsed, err := config.Parse(conf)
	if err != nil {
		return multus.Plugin{}, fmt.Errorf("multus configuration: %w", err)
	}
	parsed.ReadinessFile = ""
	if own, err := os.Executable(); err == nil {
		parsed.BinDir = append(parsed.BinDir, filepath.Join(filepath.Dir(own), "plugins"))
	}
	log := newLog(config.Log{Level: "debug", ToStderr: true}, std.err)
	if !opts.verbose { // what fails is told by what it makes fail
		log.SetLevel(logrus.WarnLevel)
		log.SetFormatter(warnings{})
	}
	for _, w := range parsed.Warnings {
		log.Warn(w)
	}
	return newPlugin(append(opts.bin, filepath.SplitList(os.Getenv("CNI_PATH"))...), parsed, logrus.NewEntry(log)), nil
}

// warnings is a log's format for people.
type warnings struct{}

// Format is the warning, and nothing for what is worse: that is told otherwise.
func (warnings) Format(e *logrus.Entry) ([]byte, error) {
	if e.Level != logrus.WarnLevel {
		return nil, nil
	}
	text := e.Message
	if network, ok := e.Data["network"]; ok {
		text = fmt.Sprintf("network %v: %s", network, text)
	}
	if err, ok := e.Data[logrus.ErrorKey]; ok {
		text = fmt.Sprintf("%s: %v", text, err)
	}
	return []byte("warning: " + text + "\n"), nil
}
