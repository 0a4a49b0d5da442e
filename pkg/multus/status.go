package multus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// statusTimeout leaves STATUS time to answer within 5 s whatever hangs: a plugin
// that is killed for it may have left children, whose output is waited for.
const statusTimeout = 4 * time.Second

// Status tells whether ADD would work now: it looks once and waits for nothing.
func (p Plugin) Status(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	if err := p.isReady(); err != nil {
		return coded(CodeNotReady, err)
	}
	api := make(chan error, 1)
	go func() { api <- p.clusterReady(ctx) }()
	networks := p.networksReady(ctx)
	if err := <-api; err != nil {
		return coded(CodeNotReady, err)
	}
	return networks
}

func (p Plugin) clusterReady(ctx context.Context) error {
	if p.Cluster == nil {
		return nil
	}
	err := p.Cluster.Ready(ctx)
	if err == nil || errors.Is(err, plan.ErrUnavailable) { // which names the API server itself
		return err
	}
	return fmt.Errorf("API server: %w", err)
}

// networksReady asks the networks that every pod gets: without one of them no
// pod starts, while those of single pods are their own affair.
func (p Plugin) networksReady(ctx context.Context) error {
	lists, err := p.Planner.Everywhere(ctx)
	if err != nil {
		return coded(CodeNotReady, err)
	}
	for _, l := range lists {
		if err := p.networkReady(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (p Plugin) networkReady(ctx context.Context, l netconf.List) error {
	err := p.Runner.Status(ctx, l)
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
