package multus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
)

// statusTimeout leaves STATUS time to answer within 5 s whatever hangs: a plugin
// that is killed for it may have left children, whose output is waited for.
const statusTimeout = 4 * time.Second

// Status tells whether ADD would work now, as far as this node can tell: it makes no
// request, for an outage of the API must not stop a node that works, and waits for
// nothing but the default network's own STATUS.
func (p Plugin) Status(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if err := p.isReady(); err != nil {
		return coded(CodeNotReady, err)
	}
	if p.Cluster != nil {
		if err := p.Cluster.Check(); err != nil {
			return coded(CodeNotReady, err)
		}
	}
	list, err := p.Planner.DefaultNetwork(ctx)
	switch {
	case errors.Is(err, netconf.ErrNotFound) && p.Cluster != nil && !strings.Contains(p.Planner.Conf.ClusterNetwork, "/"):
		return nil // a NAD
	case err != nil:
		return coded(CodeNotReady, err)
	case list.IsZero():
		return nil // each pod brings its own
	}
	return p.networkReady(ctx, list)
}

func (p Plugin) networkReady(ctx context.Context, l netconf.List) error {
	err := p.measured("STATUS", l.Name(), func() error { return p.Runner.Status(ctx, l) })
	if err == nil {
		return nil
	}
	err = fmt.Errorf("network %s: %w", l.Name(), err)
	var delegates *types.Error
	if errors.As(err, &delegates) && delegates.Code != 0 && delegates.Code != types.ErrInternal {
		return err
	}
	return coded(CodeNotReady, err)
}
