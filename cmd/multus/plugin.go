package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/containernetworking/cni/pkg/types"
	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/kube"
	"github.com/multus-cni/multus/pkg/kubelet"
	"github.com/multus-cni/multus/pkg/metrics"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// plugin answers one CNI command: one document on standard output at most, a
// result or an error, and the exit code.
func plugin(ctx context.Context, getenv func(string) string, std streams) (code int) {
	call, err := multus.ReadCall(getenv, std.in)
	var document json.RawMessage
	switch {
	case err != nil:
	case call.Command == "VERSION":
		document = versions(call.Stdin)
	default:
		document, err = command(ctx, call, std)
	}
	if err != nil {
		document, code = call.ErrorObject(versionOf(call.Stdin), err), 1
	}
	if len(document) == 0 {
		return code
	}
	if _, err := std.out.Write(append(document, '\n')); err != nil {
		fmt.Fprintf(std.err, "multus: answer to the runtime: %v: %s\n", err, document)
		return 1
	}
	return code
}

// command carries out what the configuration is needed for.
func command(ctx context.Context, call multus.Call, std streams) (json.RawMessage, error) {
	conf, err := config.Parse(call.Stdin)
	if err != nil {
		return nil, multus.Misconfigured(err)
	}
	if err := speaks(call.Command, conf.CNIVersion); err != nil {
		return nil, err
	}
	log := newLog(conf.Log, std.err)
	result, err := execute(ctx, call, conf, log.WithFields(fieldsOf(call)))
	if err := collectIfAsked(conf, call.Path); err != nil {
		log.WithError(err).Warn("left to the next command")
	}
	return result, err
}

func fieldsOf(call multus.Call) logrus.Fields {
	fields := logrus.Fields{"verb": call.Command}
	if call.Sandbox.ContainerID != "" {
		fields["sandbox"] = call.Sandbox.ContainerID
	}
	if pod := call.Sandbox.Pod(); !pod.IsZero() {
		fields["pod"] = pod.String()
	}
	return fields
}

func execute(ctx context.Context, call multus.Call, conf config.Config, log *logrus.Entry) (_ json.RawMessage, err error) {
	outcome := metrics.Begin(call.Command)
	defer func() { outcome.End(conf.CNIDir, multus.Code(err)) }()
	for _, w := range conf.Warnings {
		log.Warn(w)
	}
	log.WithField("cniVersion", conf.CNIVersion).Debug("called")
	p := newPlugin(call.Path, conf, log)
	p.Outcome = outcome
	connect(&p, kube.Dial(conf.Kubeconfig))
	switch call.Command {
	case "ADD":
		return p.Add(ctx, call.Sandbox)
	case "DEL":
		return nil, p.Del(ctx, call.Sandbox)
	case "CHECK":
		return nil, p.Check(ctx, call.Sandbox)
	case "GC":
		return nil, p.GC(ctx)
	}
	return nil, p.Status(ctx)
}

// connect gives the plugin its API server, if there is one, and its kubelet.
func connect(p *multus.Plugin, client *kube.Client) {
	node := kubelet.Node{Root: p.Planner.Conf.KubeletRoot}
	if client != nil {
		p.Cluster = client
		node.Claims = client
	}
	p.Planner.Devices = node
}

// newPlugin is a plugin without a cluster, which looks for binaries in the
// directories of path first.
func newPlugin(path []string, conf config.Config, log *logrus.Entry) multus.Plugin {
	exec := delegate.Process{Stderr: os.Stderr}
	runner := delegate.Runner{Exec: exec, Path: append(path, conf.BinDir...), Timeout: conf.DelegateTimeout}
	return multus.Plugin{
		Runner:  runner,
		Planner: plan.Planner{Conf: conf, Binaries: runner},
		State:   state.Dir(conf.CNIDir),
		Log:     log,
	}
}

// speaks refuses a command that the configuration's version does not have.
func speaks(command, version string) error {
	first := map[string]string{"CHECK": "0.4.0", "GC": "1.1.0", "STATUS": "1.1.0"}[command]
	if first == "" || netconf.AtLeast(version, first) {
		return nil
	}
	return multus.WithCode(types.ErrIncompatibleCNIVersion,
		fmt.Errorf("cniVersion %q has no %s: %s is the first that has", version, command, first))
}

// maxVersion bounds a version that is only repeated, in bytes.
const maxVersion = 64

// versionOf is the version that a configuration gives, which may be no good
// otherwise: answers repeat it whether it is spoken or not (CNI specification,
// section 5).
func versionOf(stdin []byte) string {
	var conf struct {
		CNIVersion string `json:"cniVersion"`
	}
	if json.Unmarshal(stdin, &conf) != nil || conf.CNIVersion == "" || len(conf.CNIVersion) > maxVersion {
		return netconf.DefaultVersion
	}
	return conf.CNIVersion
}

// versions is the answer to VERSION; it echoes the version that was asked in.
func versions(stdin []byte) json.RawMessage {
	supported := netconf.SupportedVersions()
	reply := struct {
		CNIVersion string   `json:"cniVersion"`
		Supported  []string `json:"supportedVersions"`
	}{versionOf(stdin), supported}
	if len(bytes.TrimSpace(stdin)) == 0 {
		reply.CNIVersion = supported[len(supported)-1]
	}
	data, _ := json.Marshal(reply) // strings always marshal
	return data
}
