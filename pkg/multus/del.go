package multus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/devinfo"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// salvageTimeout is how long DEL without a record asks the API server.
const salvageTimeout = 2 * time.Second

// Del undoes what Add did, from the record alone.
func (p Plugin) Del(ctx context.Context, sb plan.Sandbox) error {
	p.finishEarlier(ctx, sb)
	p, release, err := p.locked(ctx, state.KeyOf(sb))
	defer release()
	if err != nil {
		return err
	}
	rec, err := p.State.Load(state.KeyOf(sb))
	switch {
	case unrecorded(err):
		return p.delUnrecorded(ctx, sb, err)
	case err != nil:
		return coded(types.ErrIOFailure, err)
	}
	p.refresh(&rec, sb)
	return p.detach(ctx, &rec)
}

// refresh takes from the call what it knows better than the record: whether the
// namespace is still there, and the arguments, which older records lack.
func (p Plugin) refresh(rec *state.Record, sb plan.Sandbox) {
	warn(p.Log, rec.Warnings)
	rec.Sandbox.NetNS = sb.NetNS
	for i := range rec.Attachments {
		if rec.Attachments[i].Args == "" {
			rec.Attachments[i].Args = sb.Args
		}
	}
}

// detach takes away every attachment that may exist, newest first, and then the
// record; where some stay, the record says which.
func (p Plugin) detach(ctx context.Context, rec *state.Record) error {
	return p.detachSome(ctx, rec, func(plan.Attachment) bool { return true })
}

// detachSome is detach for the attachments that are wanted gone; the others stay
// recorded. What could not be detached is noted for the pod's next sandbox.
func (p Plugin) detachSome(ctx context.Context, rec *state.Record, wanted func(plan.Attachment) bool) error {
	errs := p.detachWanted(ctx, rec, wanted)
	var saved error
	if slices.ContainsFunc(rec.Attachments, state.Attachment.Started) {
		saved = p.State.Update(*rec)
	} else {
		saved = p.State.Remove(*rec)
	}
	if len(errs) > 0 {
		saved = errors.Join(saved, p.State.NoteUnfinished(*rec))
	}
	return errors.Join(append(errs, coded(types.ErrIOFailure, saved))...)
}

// detachWanted tries all, newest first, and marks those that are gone.
func (p Plugin) detachWanted(ctx context.Context, rec *state.Record, wanted func(plan.Attachment) bool) []error {
	var errs []error
	for i := len(rec.Attachments) - 1; i >= 0; i-- {
		a := &rec.Attachments[i]
		if !a.Started() || !wanted(a.Attachment) {
			continue
		}
		if err := p.detachOne(ctx, rec.Sandbox, *a); err != nil {
			errs = append(errs, about(a.Attachment, err))
			continue
		}
		a.Phase = state.Detached
	}
	return errs
}

func (p Plugin) detachOne(ctx context.Context, sb plan.Sandbox, a state.Attachment) error {
	begin := time.Now()
	made := delegate.Made{Result: a.Result, Attached: a.Phase == state.Attached, Unstarted: a.Unstarted}
	err := p.runDel(ctx, sb, a.Attachment, made)
	if err != nil {
		p.logFor(a.Attachment).WithError(err).Error("detachment failed")
		return err
	}
	p.removeDeviceInfo(a.Attachment)
	p.logFor(a.Attachment).WithField("duration", time.Since(begin)).Info("detached")
	return nil
}

func (p Plugin) runDel(ctx context.Context, sb plan.Sandbox, a plan.Attachment, made delegate.Made) error {
	return p.measured("DEL", a.Network, func() error { return p.Runner.Del(ctx, sb, a, made) })
}

// removeDeviceInfo takes away what described the attachment's device.
func (p Plugin) removeDeviceInfo(a plan.Attachment) {
	if err := devinfo.Remove(a); err != nil {
		p.logFor(a).WithError(err).Warn("device information left behind")
	}
}

// delUnrecorded does what can be done without a record: a DEL that comes twice,
// or for a sandbox that was never attached, must succeed; one whose record was
// lost should still free what the configuration tells of.
func (p Plugin) delUnrecorded(ctx context.Context, sb plan.Sandbox, why error) error {
	aside := p.setAside(state.KeyOf(sb), why)
	pl, err := p.salvage(ctx, sb)
	if err != nil {
		p.Log.WithError(err).Warn("not all networks of the sandbox are known")
	}
	for _, a := range slices.Backward(pl.Attachments) {
		if err := p.runDel(ctx, sb, a, delegate.Made{}); err != nil {
			p.logFor(a).WithError(err).Warn("detachment without a record failed")
		}
		p.removeDeviceInfo(a)
	}
	if aside != nil {
		return aside
	}
	// An ADD that was killed while it wrote its record may have left half of it.
	return coded(types.ErrIOFailure, p.State.Remove(state.Record{Sandbox: sb}))
}

// setAside moves a record that cannot be read out of the way, where it is one
// that why is about.
func (p Plugin) setAside(k state.Key, why error) error {
	if !errors.Is(why, state.ErrUnreadable) {
		return nil
	}
	path, err := p.State.SetAside(k)
	if err != nil {
		return coded(types.ErrIOFailure, fmt.Errorf("%w; not to be set aside either: %w", why, err))
	}
	p.Log.WithError(why).WithField("kept", path).Error("record set aside")
	return nil
}

// salvage plans what the sandbox may have been attached to.
func (p Plugin) salvage(ctx context.Context, sb plan.Sandbox) (plan.Plan, error) {
	reads, cancel := context.WithTimeout(ctx, salvageTimeout)
	defer cancel()
	pod, err := p.pod(reads, sb)
	if err != nil {
		pod = plan.Pod{Namespace: sb.Pod().Namespace}
	}
	pl, unknown := p.Connected().Salvage(reads, sb, pod)
	return pl, errors.Join(err, unknown)
}
