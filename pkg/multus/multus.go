// Package multus answers the CNI commands.
package multus

import (
	"context"
	"encoding/json"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// Cluster is where pods are read and their status is written. The real ones are
// kube.Client and manifest.Objects.
type Cluster interface {
	// Pod reads a pod; an error wraps plan.ErrNotFound or plan.ErrUnavailable.
	Pod(ctx context.Context, namespace, name string) (plan.Pod, error)
	// Publish writes the network-status annotation (none where status is nil) and,
	// beside it, an event (none where event is ""). plan.ErrNotFound: the pod is
	// gone, or is another one of the same name by now.
	Publish(ctx context.Context, pod plan.Pod, status []byte, event string) error
	// Ready tells whether the API server answers; one try.
	Ready(ctx context.Context) error
}

// Plugin answers CNI commands for one configuration.
type Plugin struct {
	Conf    config.Config
	Cluster Cluster // nil: there is no API server
	Planner plan.Planner
	Runner  delegate.Runner
	State   state.Dir
	Log     *logrus.Entry
}

// Add attaches the sandbox to all networks of its pod and returns the master's
// result, converted to the configuration's version.
func (p Plugin) Add(ctx context.Context, sb plan.Sandbox) (json.RawMessage, error) { panic("stub") }

// Del undoes what Add did.
func (p Plugin) Del(ctx context.Context, sb plan.Sandbox) error { panic("stub") }

// Check checks every recorded attachment.
func (p Plugin) Check(ctx context.Context, sb plan.Sandbox) error { panic("stub") }
