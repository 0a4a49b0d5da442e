package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// tryConf is the configuration where the files hold none. The files are its API
// server.
const tryConf = `{"cniVersion": "1.1.0", "name": "multus", "type": "multus", "kubeconfig": "/dev/null"}`

// tryPlugin is the plugin as a runtime would run it, but for the API server and
// the state folder, which the caller sets.
func tryPlugin(c cli, opts tryOptions, conf []byte) (multus.Plugin, error) {
	parsed, err := config.Parse(conf)
	if err != nil {
		return multus.Plugin{}, fmt.Errorf("multus configuration: %w", err)
	}
	// Nothing but a cluster could make the one, and the files are the other.
	parsed.ReadinessFile, parsed.Kubeconfig = "", ""
	exec := &delegate.Process{Stderr: c.stderr}
	runner := delegate.Runner{Exec: exec, Path: searchPath(opts, parsed), Timeout: parsed.DelegateTimeout}
	log := tryLog(c, opts)
	for _, w := range parsed.Warnings {
		log.Warn(w)
	}
	return multus.Plugin{
		Conf:    parsed,
		Planner: plan.Planner{Conf: parsed, Binaries: runner},
		Runner:  runner,
		Log:     logrus.NewEntry(log),
		Held:    func(l *state.Lock) { exec.Keep = inherited(l) },
	}, nil
}

// searchPath are the folders where plugins are looked for.
func searchPath(opts tryOptions, conf config.Config) []string {
	path := append([]string(nil), opts.bin...)
	path = append(path, filepath.SplitList(os.Getenv("CNI_PATH"))...)
	path = append(path, conf.BinDir...)
	if own, err := os.Executable(); err == nil {
		path = append(path, filepath.Join(filepath.Dir(own), "plugins"))
	}
	return path
}

// tryLog tells warnings; what fails is told by what it makes fail.
func tryLog(c cli, opts tryOptions) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(c.stderr)
	if opts.verbose {
		log.SetLevel(logrus.DebugLevel)
		log.SetFormatter(&logrus.TextFormatter{DisableColors: true, DisableTimestamp: true})
		return log
	}
	log.SetLevel(logrus.WarnLevel)
	log.SetOutput(io.Discard)
	log.AddHook(warnings{c.stderr})
	return log
}

// warnings prints the warnings of a log, plainly.
type warnings struct{ to io.Writer }

// Levels is warnings alone.
func (warnings) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

// Fire prints one.
func (w warnings) Fire(e *logrus.Entry) error {
	text := e.Message
	if network, ok := e.Data["network"]; ok {
		text = fmt.Sprintf("network %v: %s", network, text)
	}
	if err, ok := e.Data[logrus.ErrorKey]; ok {
		text = fmt.Sprintf("%s: %v", text, err)
	}
	_, err := fmt.Fprintln(w.to, "warning:", text)
	return err
}
