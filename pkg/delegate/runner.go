package delegate

import (
	"cmp"
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

	"github.com/multus-cni/multus/pkg/name"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/rawjson"
)

// Versions of the CNI specification that brought commands and members.
const (
	checkSince  = "0.4.0" // CHECK, and prevResult on DEL
	statusSince = "1.1.0" // STATUS
	listsSince  = "0.3.0" // lists of interfaces, addresses and routes in results
)

// Runner runs plugins.
type Runner struct {
	Exec    invoke.Exec   // the real one is Process
	Path    []string      // directories of plugins, in order of preference
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

// Find is the path of a plugin's binary, by type. An error begins with the type; it
// wraps ErrNoBinary where no directory has the binary.
func (r Runner) Find(pluginType string) (string, error) {
	if err := name.Plugin(pluginType); err != nil {
		return "", fmt.Errorf("plugin %w", err)
	}
	var dirs []string
	for _, dir := range r.Path {
		if dir != "" && !slices.Contains(dirs, dir) { // CNI_PATH and binDir are often the same
			dirs = append(dirs, dir)
		}
	}
	path, err := r.Exec.FindInPath(pluginType, dirs)
	if err != nil {
		return "", fmt.Errorf("%s: %w in %s", pluginType, ErrNoBinary, cmp.Or(strings.Join(dirs, ", "), "no directory: none is given"))
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("%s: %w", pluginType, &startError{fmt.Errorf("plugin binary %s is not executable", path)})
	}
	return path, nil
}

// Made is what ADD made of an attachment.
type Made struct {
	Result json.RawMessage // nil where it is not known
	// Attached says that ADD of all plugins succeeded.
	Attached bool
	// Unstarted is how many plugins, at the end of the list, ADD did not start: one
	// before them failed, or the first of them cannot be started.
	Unstarted int
}

// Add attaches: runs ADD of every plugin in order, to the first that fails. The result
// is the final one, in the version of the attachment's configuration.
func (r Runner) Add(ctx context.Context, sb plan.Sandbox, a plan.Attachment) (Made, error) {
	c := attachmentCall("ADD", sb, a)
	var result json.RawMessage
	plugins := a.Config.Plugins()
	for i, p := range plugins {
		req := netconf.Request{RuntimeConfig: a.RuntimeConfig, PrevResult: result}
		printed, err := r.run(ctx, c, p, req)
		switch {
		case notStarted(err):
			return Made{Unstarted: len(plugins) - i}, err
		case err != nil:
			return Made{Unstarted: len(plugins) - i - 1}, withCause(err, p)
		}
		if result, err = answer(printed, a.Config.CNIVersion()); err != nil {
			return Made{Unstarted: len(plugins) - i - 1}, fmt.Errorf("%s: %w", p.Type(), err)
		}
	}
	return Made{Result: result, Attached: true}, nil
}

// Del detaches: runs DEL of every plugin in reverse order, whatever those before
// answered; all failures are joined.
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
	for i, p := range plugins {
		_, err := r.run(ctx, c, p, req)
		if !made.detached(i < made.Unstarted, err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// detached tells whether there is nothing that a plugin's DEL would have to undo: the
// plugin does not know the container or, where the attachment never got attached, does
// not speak the version, or could not be started by ADD either.
func (m Made) detached(unstarted bool, err error) bool {
	return isCode(err, types.ErrUnknownContainer) ||
		!m.Attached && (isCode(err, types.ErrIncompatibleCNIVersion) || unstarted && notStarted(err))
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

// GC hands GC to every plugin of a network whose list is none that is older than GC or
// does not want it; all failures are joined.
func (r Runner) GC(ctx context.Context, list netconf.List, valid []types.GCAttachment) error {
	attachments, err := json.Marshal(append([]types.GCAttachment{}, valid...)) // null would not be a list
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
			return &types.Error{Code: types.ErrPluginNotAvailable, Msg: err.Error()}
		}
		if !netconf.AtLeast(list.CNIVersion(), statusSince) {
			continue
		}
		if _, err := r.run(ctx, call{command: "STATUS", list: list}, p, netconf.Request{}); err != nil {
			return err
		}
	}
	return nil
}

// recorded is the result for prevResult, nil where there is none: in the version of
// the configuration, which records of older Multus do not promise. Reading it as the
// CNI library does takes five times as long as looking at its version.
func recorded(a plan.Attachment, result json.RawMessage) (json.RawMessage, error) {
	if absent(result) {
		return nil, nil
	}
	if o, err := rawjson.Nested(result); err == nil {
		if version, _ := o.Text("cniVersion"); version == a.Config.CNIVersion() {
			return result, nil
		}
	}
	converted, err := Convert(result, a.Config.CNIVersion())
	if err != nil {
		return nil, fmt.Errorf("recorded %w", err)
	}
	return converted, nil
}

func isCode(err error, code uint) bool {
	var e *types.Error
	return errors.As(err, &e) && e.Code == code
}
