package delegate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// Versions of the CNI specification that brought commands and members.
const (
	checkSince = "0.4.0" // CHECK, and prevResult on DEL
	gcSince    = "1.1.0" // GC and STATUS
)

// Runner runs plugins.
type Runner struct {
	Exec    invoke.Exec   // the real one is Process
	Path    []string      // folders of plugins, in order of preference
	Timeout time.Duration // for one plugin's one command; 0 for none
}

// Holding is the runner whose plugins, and their children, inherit an open file: a
// lock stays held as long as one of them lives. An Exec that starts no processes
// cannot hand one down.
func (r Runner) Holding(f *os.File) Runner {
	if e, ok := r.Exec.(interface{ Holding(*os.File) invoke.Exec }); ok {
		r.Exec = e.Holding(f)
	}
	return r
}

// Find is the path of a plugin's binary, by type. An error begins with the type;
// it wraps ErrNoBinary where no folder has the binary.
func (r Runner) Find(pluginType string) (string, error) {
	if pluginType == "" || strings.ContainsAny(pluginType, "/\x00") {
		return "", fmt.Errorf("%q: no plugin type: it has to be the name of a file, without a path", clip([]byte(pluginType), 64))
	}
	var folders []string
	for _, f := range r.Path {
		if f != "" && !slices.Contains(folders, f) { // CNI_PATH and binDir are often the same
			folders = append(folders, f)
		}
	}
	if len(folders) == 0 {
		return "", fmt.Errorf("%s: %w: no folders to search are given", pluginType, ErrNoBinary)
	}
	path, err := r.Exec.FindInPath(pluginType, folders)
	if err != nil {
		return "", fmt.Errorf("%s: %w in %s", pluginType, ErrNoBinary, strings.Join(folders, ", "))
	}
	return path, nil
}

// Add attaches: runs ADD of every plugin in order and returns the final result
// in the version of the attachment's configuration.
func (r Runner) Add(ctx context.Context, sb plan.Sandbox, a plan.Attachment) (json.RawMessage, error) {
	c := attachmentCall("ADD", sb, a)
	var result json.RawMessage
	for _, p := range a.Config.Plugins() {
		req := netconf.Request{RuntimeConfig: a.RuntimeConfig, PrevResult: result}
		printed, err := r.run(ctx, c, p, req)
		if err != nil {
			return nil, withCause(err, p)
		}
		if result, err = answer(printed, a.Config.CNIVersion()); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Type(), err)
		}
	}
	if result == nil {
		return nil, netconf.ErrNoPlugins
	}
	return result, nil
}

// Made is what is known of an attachment.
type Made struct {
	Result json.RawMessage // of ADD; nil where it is not known
	// Attached says that ADD of all plugins succeeded, or that it may have: then only
	// a DEL that succeeds takes it away.
	Attached bool
}

// Del detaches: runs DEL of every plugin in reverse order, whatever those before
// answered; all failures are joined. A plugin that does not know the container has
// detached it. Where the attachment never got attached the same goes for one that
// does not speak the version, and for one that cannot be started: neither can have
// done anything.
func (r Runner) Del(ctx context.Context, sb plan.Sandbox, a plan.Attachment, made Made) error {
	c := attachmentCall("DEL", sb, a)
	req := netconf.Request{RuntimeConfig: a.RuntimeConfig}
	if netconf.AtLeast(a.Config.CNIVersion(), checkSince) {
		// Without a result that can be read a plugin gets none: that it has to bear.
		req.PrevResult, _ = recorded(a, made.Result)
	}
	plugins := a.Config.Plugins()
	slices.Reverse(plugins)
	var errs []error
	for _, p := range plugins {
		_, err := r.run(ctx, c, p, req)
		if made.Attached && !isCode(err, types.ErrUnknownContainer) || !made.Attached && !idle(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// idle tells whether a plugin that failed can have done nothing in ADD either.
func idle(err error) bool {
	var notStarted *startError
	return isCode(err, types.ErrUnknownContainer) || isCode(err, types.ErrIncompatibleCNIVersion) ||
		errors.Is(err, ErrNoBinary) || errors.As(err, &notStarted)
}

// Check runs CHECK of every plugin in order, to the first that fails. Lists that
// are older than CHECK, or do not want it, are fine.
func (r Runner) Check(ctx context.Context, sb plan.Sandbox, a plan.Attachment, result json.RawMessage) error {
	if !netconf.AtLeast(a.Config.CNIVersion(), checkSince) || a.Config.DisableCheck() {
		return nil
	}
	prev, err := recorded(a, result)
	if err != nil {
		return err
	}
	if prev == nil {
		return errors.New("CHECK needs the result of ADD, and none is recorded")
	}
	c := attachmentCall("CHECK", sb, a)
	for _, p := range a.Config.Plugins() {
		req := netconf.Request{RuntimeConfig: a.RuntimeConfig, PrevResult: prev}
		if _, err := r.run(ctx, c, p, req); err != nil {
			return err
		}
	}
	return nil
}

// GC hands GC to every plugin of a network; all failures are joined. Lists that
// are older than GC, or do not want it, are left alone.
func (r Runner) GC(ctx context.Context, list netconf.List, valid []types.GCAttachment) error {
	if !netconf.AtLeast(list.CNIVersion(), gcSince) || list.DisableGC() {
		return nil
	}
	if valid == nil {
		valid = []types.GCAttachment{} // null would not be a list
	}
	attachments, err := json.Marshal(valid)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range list.Plugins() {
		_, err := r.run(ctx, call{command: "GC", list: list}, p, netconf.Request{ValidAttachments: attachments})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Status runs STATUS of every plugin of a network, to the first that is not
// ready. Of a list that is older than STATUS only the binaries are looked for. A
// missing binary has code 50: without it no ADD can succeed.
func (r Runner) Status(ctx context.Context, list netconf.List) error {
	for _, p := range list.Plugins() {
		if _, err := r.Find(p.Type()); err != nil {
			return &unavailableError{err}
		}
		if !netconf.AtLeast(list.CNIVersion(), gcSince) {
			continue
		}
		if _, err := r.run(ctx, call{command: "STATUS", list: list}, p, netconf.Request{}); err != nil {
			return err
		}
	}
	return nil
}

// recorded is the result for prevResult: in the version of the configuration,
// which records of older Multus do not promise. nil where there is none. One of
// that version was read when ADD made it, and is not read again.
func recorded(a plan.Attachment, result json.RawMessage) (json.RawMessage, error) {
	if len(result) == 0 || string(result) == "null" {
		return nil, nil
	}
	o, err := parse(result)
	if err != nil {
		return nil, fmt.Errorf("recorded result: %w", err)
	}
	version := a.Config.CNIVersion()
	if from, err := versionOf(o); err == nil && from == version {
		return result, nil
	}
	converted, err := convert(o, result, version)
	if err != nil {
		return nil, fmt.Errorf("recorded %w", err)
	}
	return converted, nil
}

func isCode(err error, code uint) bool {
	var e *types.Error
	return errors.As(err, &e) && e.Code == code
}
