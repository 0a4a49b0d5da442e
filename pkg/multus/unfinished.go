package multus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// finishTimeout is how long the ADD and the DEL of a pod work on what its earlier
// sandboxes left.
const finishTimeout = 5 * time.Second

// finishEarlier detaches what earlier sandboxes of the pod left: containerd gives a
// sandbox up after one DEL, CRI-O never repeats a DEL, and a pod that starts again
// and again would leave one record after the other. What cannot be finished now
// stays noted. Without such a note this costs one look into a directory.
//
// The sandbox's own lock is not held meanwhile, so that two of them do not wait for
// each other.
func (p Plugin) finishEarlier(ctx context.Context, sb plan.Sandbox) {
	uid := sb.Pod().UID
	keys, err := p.State.Unfinished(uid)
	if err != nil {
		p.Log.WithError(err).Warn("what earlier sandboxes of the pod left is not known")
	}
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	for _, k := range keys {
		if k == state.KeyOf(sb) || ctx.Err() != nil {
			continue
		}
		if err := p.finish(ctx, k, uid); err != nil {
			p.Log.WithError(err).WithField("earlier", k.String()).Warn("an earlier sandbox of the pod stays unfinished")
		}
	}
}

// finish detaches what is left of a sandbox that no runtime will DEL again.
func (p Plugin) finish(ctx context.Context, k state.Key, podUID string) error {
	p, release, err := p.locked(ctx, k)
	defer release()
	if err != nil {
		return err
	}
	rec, err := p.State.Load(k)
	if unrecorded(err) { // the note alone is left
		return errors.Join(p.setAside(k, err), p.State.Remove(state.Record{Sandbox: k.Sandbox(), Pod: plan.Pod{UID: podUID}}))
	}
	if err != nil {
		return err
	}
	rec.Sandbox.NetNS = remainingNetNS(rec.Sandbox.NetNS)
	return p.detach(ctx, &rec)
}

// Stale are the sandboxes that no runtime will come back for: those that are noted as
// unfinished, and those whose network namespace is gone. alive tells of a container
// whether the runtime knows it still; nil where there is nobody to ask. Beside an error
// they are those that could be told.
func (p Plugin) Stale(alive func(containerID string) bool) ([]state.Note, error) {
	stale, err := p.State.Notes() // which may be all that is left of a sandbox
	recs, listErr := p.State.List()
	for _, rec := range recs {
		note := state.Note{Key: rec.Key(), PodUID: rec.Pod.UID}
		if p.State.IsStale(rec) && !slices.Contains(stale, note) {
			stale = append(stale, note)
		}
	}
	known := func(n state.Note) bool { return alive != nil && alive(n.ContainerID) }
	return slices.DeleteFunc(stale, known), errors.Join(err, listErr)
}

// Collect finishes on this node what is stale. It returns the sandboxes that were
// finished; all failures are joined.
func (p Plugin) Collect(ctx context.Context, alive func(containerID string) bool) ([]state.Key, error) {
	stale, err := p.Stale(alive)
	errs := []error{err}
	var finished []state.Key
	for _, note := range stale {
		if ctx.Err() != nil {
			break
		}
		if err := p.finish(ctx, note.Key, note.PodUID); err != nil {
			errs = append(errs, fmt.Errorf("sandbox %s: %w", note.Key, err))
			continue
		}
		finished = append(finished, note.Key)
	}
	return finished, errors.Join(append(errs, context.Cause(ctx))...)
}

// remainingNetNS is the recorded namespace if it is surely still the sandbox's own. A
// path below /proc may be another process's by now, and where a namespace was
// unmounted an empty file may remain.
func remainingNetNS(path string) string {
	if path == "" || strings.HasPrefix(path, "/proc/") {
		return ""
	}
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil || st.Type != unix.NSFS_MAGIC {
		return ""
	}
	return path
}
