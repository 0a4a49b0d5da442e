package multus

import (
	"context"
	"errors"
	"slices"

	"github.com/multus-cni/multus/pkg/state"
)

// Forgotten is what became of a sandbox that was to be forgotten.
type Forgotten struct {
	Left []state.Attachment // what is left behind, which nobody knows of any more
	Why  error              // why it could not be detached
}

// Forget tries for a last time to detach a sandbox, and then removes its record
// whatever is left: the way out where DEL can never succeed. A record that cannot
// be read is set aside.
func (p Plugin) Forget(ctx context.Context, k state.Key) (Forgotten, error) {
	p, release, err := p.locked(ctx, k)
	defer release()
	if err != nil {
		return Forgotten{}, err
	}
	rec, err := p.State.Load(k)
	if errors.Is(err, state.ErrUnreadable) {
		return Forgotten{Why: err}, p.setAside(k, err)
	}
	if err != nil {
		return Forgotten{}, err
	}
	rec.Sandbox.NetNS = remainingNetNS(rec.Sandbox.NetNS)
	why := p.detach(ctx, &rec)
	if why == nil {
		return Forgotten{}, nil
	}
	left := slices.DeleteFunc(rec.Attachments, func(a state.Attachment) bool { return !a.Started() })
	for _, a := range left {
		p.removeDeviceInfo(a.Attachment)
	}
	return Forgotten{Left: left, Why: why}, p.State.Remove(rec)
}
