package multus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/delegate"
	"github.com/multus-cni/multus/pkg/devinfo"
	"github.com/multus-cni/multus/pkg/fault"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// Add attaches the sandbox to all networks of its pod and returns the master's
// result, converted to the configuration's version. Whatever fails once the
// first delegate may have run is undone before Add returns.
func (p Plugin) Add(ctx context.Context, sb plan.Sandbox) (json.RawMessage, error) {
	if len(p.Planner.Conf.PrevResult) > 0 {
		return nil, coded(types.ErrInvalidNetworkConfig,
			errors.New("prevResult: multus makes the pod's first interface, so it has to be the first plugin of its list"))
	}
	p.finishEarlier(ctx, sb)
	p, release, err := p.locked(ctx, state.KeyOf(sb))
	defer release()
	if err != nil {
		return nil, err
	}
	rec, err := p.prepare(ctx, sb)
	if err != nil {
		return nil, err
	}
	answer, err := p.attach(ctx, &rec)
	if err != nil {
		p.rollBack(context.WithoutCancel(ctx), &rec)
		return nil, err
	}
	return answer, nil
}

// prepare does all that can be refused, and then saves the intent: up to its
// return nothing has happened to the sandbox.
func (p Plugin) prepare(ctx context.Context, sb plan.Sandbox) (state.Record, error) {
	if err := p.fresh(sb); err != nil {
		return state.Record{}, err
	}
	if err := p.awaitReady(ctx); err != nil {
		return state.Record{}, err
	}
	pod, pl, err := p.plan(ctx, sb)
	if err != nil {
		return state.Record{}, err
	}
	rec := state.Record{Schema: state.Schema, Created: time.Now().UTC(), Sandbox: sb, Pod: pod}
	for _, a := range pl.Attachments {
		// Until more is written, any of them may have been started.
		rec.Attachments = append(rec.Attachments, state.Attachment{Attachment: a, Phase: state.Attaching})
	}
	return rec, coded(types.ErrIOFailure, p.State.Create(rec))
}

// fresh refuses a sandbox that is attached already, before anything is waited for.
func (p Plugin) fresh(sb plan.Sandbox) error {
	switch _, err := p.State.Load(state.KeyOf(sb)); {
	case errors.Is(err, state.ErrNone):
		return nil
	case err == nil:
		return coded(CodeExists, fmt.Errorf("container %s is attached already: the runtime has to DEL it first", state.KeyOf(sb)))
	case errors.Is(err, state.ErrUnreadable):
		return coded(CodeExists, fmt.Errorf("container %s was attached before: %w; the runtime has to DEL it first", state.KeyOf(sb), err))
	default:
		return coded(types.ErrIOFailure, err)
	}
}

// plan reads and decides, within one budget for all reads.
func (p Plugin) plan(ctx context.Context, sb plan.Sandbox) (plan.Pod, plan.Plan, error) {
	reads, cancel := context.WithTimeout(ctx, p.Planner.Conf.APITimeout)
	defer cancel()
	pod, err := p.pod(reads, sb)
	if err != nil {
		return plan.Pod{}, plan.Plan{}, err
	}
	pl, err := p.Connected().Plan(reads, sb, pod)
	warn(p.Log, pl.Warnings)
	if errors.Is(err, plan.ErrUnavailable) {
		return plan.Pod{}, plan.Plan{}, coded(types.ErrTryAgainLater, err)
	}
	if err != nil {
		return plan.Pod{}, plan.Plan{}, coded(types.ErrInvalidNetworkConfig, err)
	}
	for _, a := range pl.Attachments {
		p.logFor(a).WithField("source", a.Source).Debug(a.Reason)
	}
	return pod, pl, nil
}

// attach runs the delegates of a record that was just created, sets the default
// routes and publishes the status. The answer is converted before anything is
// published, since a runtime of an old version may not be able to read it.
func (p Plugin) attach(ctx context.Context, rec *state.Record) (json.RawMessage, error) {
	if err := p.attachAll(ctx, rec); err != nil {
		return nil, err
	}
	if err := routes(rec); err != nil {
		return nil, err
	}
	if err := p.State.Update(*rec); err != nil {
		return nil, coded(types.ErrIOFailure, err)
	}
	master := rec.Attachments[0]
	answer, err := delegate.Convert(master.Result, p.Planner.Conf.CNIVersion)
	if err != nil {
		return nil, coded(types.ErrIncompatibleCNIVersion, about(master.Attachment, err))
	}
	return answer, p.publish(ctx, *rec)
}

// attachAll runs the delegates, one after another, to the first that fails. What was
// never started needs no roll-back.
func (p Plugin) attachAll(ctx context.Context, rec *state.Record) error {
	for i := range rec.Attachments {
		a := &rec.Attachments[i]
		made, err := p.attachOne(ctx, rec.Sandbox, a.Attachment)
		a.Result, a.Unstarted = made.Result, made.Unstarted
		a.DeviceInfo = p.deviceInfo(a.Attachment)
		if made.Attached {
			a.Phase = state.Attached
		}
		if err != nil {
			for i++; i < len(rec.Attachments); i++ {
				rec.Attachments[i].Phase = state.Detached
			}
			return err
		}
	}
	return nil
}

// attachOne makes one attachment. It may be there although there is an error.
func (p Plugin) attachOne(ctx context.Context, sb plan.Sandbox, a plan.Attachment) (made delegate.Made, err error) {
	started := time.Now()
	if err := devinfo.Prepare(a); err != nil {
		p.logFor(a).WithError(err).Warn("no device information for the plugins")
	}
	err = p.measured("ADD", a.Network, func() error {
		made, err = p.addVerified(ctx, sb, a)
		return err
	})
	if err != nil {
		p.logFor(a).WithError(err).Error("attachment failed")
		return made, about(a, err)
	}
	p.logFor(a).WithField("duration", time.Since(started)).Info("attached")
	return made, nil
}

// addVerified runs one delegate and compares its result with what was asked for.
func (p Plugin) addVerified(ctx context.Context, sb plan.Sandbox, a plan.Attachment) (delegate.Made, error) {
	made, err := p.Runner.Add(ctx, sb, a)
	if dev := a.Device; err != nil && dev != nil && dev.ID == "" {
		err = fmt.Errorf("%w (the network names resource %s, and the pod was given no device of it)", err, fault.Quote(dev.Resource))
	}
	if err != nil {
		return made, err
	}
	warnings, err := verify(a.Verify, made.Result)
	warn(p.logFor(a), warnings)
	return made, coded(types.ErrInvalidNetworkConfig, err)
}

// deviceInfo is what there is to publish of the attachment's device.
func (p Plugin) deviceInfo(a plan.Attachment) json.RawMessage {
	info, err := devinfo.Read(a)
	if err != nil {
		p.logFor(a).WithError(err).Warn("no device information in the network status")
	}
	return info
}

// routes enforces the pod's default route and records what became of the results.
func routes(rec *state.Record) error {
	atts := make([]plan.Attachment, len(rec.Attachments))
	results := make([]json.RawMessage, len(rec.Attachments))
	for i, a := range rec.Attachments {
		atts[i], results[i] = a.Attachment, a.Result
	}
	results, err := delegate.Routes(rec.Sandbox, atts, results)
	if err != nil {
		return err
	}
	for i := range rec.Attachments {
		rec.Attachments[i].Result = results[i]
	}
	return nil
}

// rollBack detaches what was attempted. What cannot be detached stays recorded for
// the runtime's DEL, and is noted for the pod's next sandbox; the error that the
// runtime sees is the first one.
func (p Plugin) rollBack(ctx context.Context, rec *state.Record) {
	if err := p.detach(ctx, rec); err != nil {
		p.Log.WithError(err).Error("roll-back incomplete; DEL will try again")
	}
}
