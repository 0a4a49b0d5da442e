package delegate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// call is one command to the plugins of one list. Without an attachment the
// names of the sandbox are empty.
type call struct {
	command string
	list    netconf.List
	sandbox plan.Sandbox
	ifName  string
	args    string
}

func attachmentCall(command string, sb plan.Sandbox, a plan.Attachment) call {
	return call{command: command, list: a.Config, sandbox: sb, ifName: a.Interface, args: a.Args}
}

// environ is our own environment with the parameters of the call in place of
// those that we were called with. What CNI does not define is passed on.
func (c call) environ(path []string) []string {
	args := invoke.Args{
		Command: c.command, ContainerID: c.sandbox.ContainerID, NetNS: c.sandbox.NetNS, IfName: c.ifName,
		PluginArgsStr: c.args, Path: strings.Join(path, string(os.PathListSeparator)),
	}
	return args.AsEnv()
}

// run runs one plugin and returns what it printed. Every error begins with the
// plugin's type.
func (r Runner) run(ctx context.Context, c call, p netconf.Plugin, req netconf.Request) ([]byte, error) {
	path, err := r.Find(p.Type())
	if err != nil {
		return nil, err
	}
	limited, cancel := ctx, func() {}
	if r.Timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, r.Timeout)
	}
	defer cancel()
	start := time.Now()
	printed, err := r.Exec.ExecPlugin(limited, path, c.list.Stdin(p, req), c.environ(r.Path))
	var told *types.Error
	switch {
	case err == nil:
		err = refusal(printed)
	case limited.Err() == nil || errors.As(err, &told):
	case ctx.Err() == nil:
		err = lateError{c.command, r.Timeout, context.Cause(limited)}
	default:
		err = lateError{c.command, time.Since(start).Round(time.Millisecond), context.Cause(ctx)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type(), err)
	}
	return printed, nil
}
