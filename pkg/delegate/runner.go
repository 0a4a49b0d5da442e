package delegate

import (
	"context"
	"encoding/json"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// Runner runs plugins.
type Runner struct {
	Exec    invoke.Exec   // the real one is Process
	Path    []string      // folders of plugins, in order of preference
	Timeout time.Duration // for one plugin's one command; 0 for none
}

// Find is the path of a plugin's binary, by type.
func (r Runner) Find(pluginType string) (string, error) { panic("stub") }

// Add attaches: runs ADD of every plugin in order and returns the final result
// in the version of the attachment's configuration.
func (r Runner) Add(ctx context.Context, sb plan.Sandbox, a plan.Attachment) (json.RawMessage, error) {
	panic("stub")
}

// Del detaches: runs DEL of every plugin in reverse order. result is that of
// Add, nil where it is not known.
func (r Runner) Del(ctx context.Context, sb plan.Sandbox, a plan.Attachment, result json.RawMessage) error {
	panic("stub")
}

// Check runs CHECK of every plugin in order.
func (r Runner) Check(ctx context.Context, sb plan.Sandbox, a plan.Attachment, result json.RawMessage) error {
	panic("stub")
}

// GC hands GC to every plugin of a network; all failures are joined.
func (r Runner) GC(ctx context.Context, list netconf.List, valid []types.GCAttachment) error {
	panic("stub")
}

// Status runs STATUS of every plugin of a network, to the first that is not ready.
func (r Runner) Status(ctx context.Context, list netconf.List) error { panic("stub") }
