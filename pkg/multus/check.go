package multus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// Check runs every recorded attachment's CHECK, in order, each with its own result.
func (p Plugin) Check(ctx context.Context, sb plan.Sandbox) error {
	p, release, err := p.locked(ctx, state.KeyOf(sb))
	defer release()
	if err != nil {
		return err
	}
	rec, err := p.State.Load(state.KeyOf(sb))
	switch {
	case errors.Is(err, state.ErrNone):
		return p.checkUnrecorded(ctx, sb, err)
	case err != nil:
		return coded(types.ErrIOFailure, err)
	}
	p.refresh(&rec, sb)
	for _, a := range rec.Attachments {
		if err := p.checkOne(ctx, rec.Sandbox, a); err != nil {
			return about(a.Attachment, err)
		}
	}
	return nil
}

// checkUnrecorded checks a pod that is older than Multus on the node: it has the
// default network alone, and the runtime the result of it.
func (p Plugin) checkUnrecorded(ctx context.Context, sb plan.Sandbox, none error) error {
	if len(p.Planner.Conf.PrevResult) == 0 {
		return coded(types.ErrUnknownContainer, none)
	}
	reads, cancel := context.WithTimeout(ctx, p.Planner.Conf.APITimeout)
	defer cancel()
	// Whatever else every pod gets today, this one was never attached to it.
	pl, err := p.Connected().Salvage(reads, sb, plan.Pod{})
	if len(pl.Attachments) == 0 || !pl.Attachments[0].Master {
		code := types.ErrInvalidNetworkConfig
		switch {
		case err == nil:
			err = errors.New("none is configured")
		case errors.Is(err, plan.ErrUnavailable):
			code = types.ErrTryAgainLater
		}
		return coded(code, fmt.Errorf("%w, and no default network to check: %w", none, err))
	}
	master := pl.Attachments[0]
	return about(master, p.runCheck(ctx, sb, master, p.Planner.Conf.PrevResult))
}

func (p Plugin) checkOne(ctx context.Context, sb plan.Sandbox, a state.Attachment) error {
	switch a.Phase {
	case state.Attached:
	case state.Detached:
		return coded(types.ErrTryAgainLater, errors.New("detached by a DEL that did not come to its end; the runtime has to repeat it"))
	default:
		return coded(types.ErrTryAgainLater, fmt.Errorf("not attached: ADD got as far as %q; the runtime has to DEL the container", a.Phase))
	}
	result := a.Result
	if len(result) == 0 && a.Master { // as an older Multus recorded it
		result = p.Planner.Conf.PrevResult
	}
	if len(result) == 0 {
		p.logFor(a.Attachment).Warn("not checked: an older Multus recorded no result of it")
		return nil
	}
	if err := p.runCheck(ctx, sb, a.Attachment, result); err != nil {
		p.logFor(a.Attachment).WithError(err).Error("check failed")
		return err
	}
	p.logFor(a.Attachment).Debug("checked")
	return nil
}

func (p Plugin) runCheck(ctx context.Context, sb plan.Sandbox, a plan.Attachment, result json.RawMessage) error {
	return p.measured("CHECK", a.Network, func() error { return p.Runner.Check(ctx, sb, a, result) })
}
