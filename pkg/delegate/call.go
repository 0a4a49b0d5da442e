package delegate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// call is one command to the plugins of one list. Without an attachment the
// names of the sandbox are empty.
type call struct {
	command   string
	list      netconf.List
	sandbox   plan.Sandbox
	ifName    string
	arguments string
}

func attachmentCall(command string, sb plan.Sandbox, a plan.Attachment) call {
	return call{command: command, list: a.Config, sandbox: sb, ifName: a.Interface, arguments: a.Args}
}

// environ is our own environment with the parameters of the call in place of
// those that we were called with. What CNI does not define is passed on.
func (c call) environ(path []string) []string {
	parameters := [][2]string{
		{"CNI_COMMAND", c.command},
		{"CNI_CONTAINERID", c.sandbox.ContainerID},
		{"CNI_NETNS", c.sandbox.NetNS},
		{"CNI_IFNAME", c.ifName},
		{"CNI_ARGS", c.arguments},
		{"CNI_PATH", strings.Join(path, string(os.PathListSeparator))},
	}
	own := os.Environ()
	env := make([]string, 0, len(own)+len(parameters))
	for _, kv := range own {
		if !replaced(kv, parameters) {
			env = append(env, kv)
		}
	}
	for _, p := range parameters {
		env = append(env, p[0]+"="+p[1])
	}
	return env
}

func replaced(kv string, parameters [][2]string) bool {
	if !strings.HasPrefix(kv, "CNI_") {
		return false
	}
	name, _, _ := strings.Cut(kv, "=")
	for _, p := range parameters {
		if p[0] == name {
			return true
		}
	}
	return false
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
	if err == nil {
		err = refusal(printed)
	} else {
		err = r.late(ctx, limited, expired{c.command, time.Since(start), err})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Type(), err)
	}
	return printed, nil
}

// expired is a command that failed, and after what time.
type expired struct {
	command string
	after   time.Duration
	err     error
}

// late tells the failure of a plugin that had no time left from any other.
func (r Runner) late(ctx, limited context.Context, x expired) error {
	var told *types.Error
	switch {
	case limited.Err() == nil || errors.As(x.err, &told):
		return x.err
	case ctx.Err() == nil:
		return lateError{x.command, r.Timeout}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return lateError{x.command, x.after.Round(time.Millisecond)}
	}
	return fmt.Errorf("%s given up after %s, killed: %w", x.command, x.after.Round(time.Millisecond), context.Cause(ctx))
}

// unavailableError gives an error the code that STATUS has for "no ADD can succeed".
type unavailableError struct {
	err error
}

func (e *unavailableError) Error() string { return e.err.Error() }

func (e *unavailableError) Unwrap() []error {
	return []error{e.err, &types.Error{Code: types.ErrPluginNotAvailable, Msg: e.err.Error()}}
}
