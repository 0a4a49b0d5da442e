package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// settling is how long the kernel may take to remove the links of a namespace.
const settling = 3 * time.Second

// tryRemove takes down what earlier runs kept, or left when they were killed.
func tryRemove(ctx context.Context, c cli, opts tryOptions) int {
	ids := []string{opts.remove}
	if opts.remove == "all" {
		var err error
		if ids, err = sessionIDs(); err != nil {
			return complain(c, "multus try", err)
		}
		if len(ids) == 0 {
			fmt.Fprintln(c.stdout, "nothing is kept")
		}
	}
	code := exitOK
	for _, id := range ids {
		t, err := resume(c, opts, id)
		if err != nil {
			code = complain(c, "multus try", err)
			continue
		}
		if !t.takeDown(context.WithoutCancel(ctx)) {
			code = exitFailed
		}
	}
	return code
}

// resume is the trial that an earlier run began. DEL needs the records alone, so
// the files of that run are not asked for.
func resume(c cli, opts tryOptions, id string) (*trial, error) {
	s, err := loadSession(id)
	if err != nil {
		return nil, err
	}
	t := &trial{c: c, opts: opts, session: s}
	if t.plugin, err = tryPlugin(c, opts, s.Conf); err != nil {
		return nil, err
	}
	t.plugin.Runner.Path = s.Path
	t.plugin.State = state.Dir(s.State)
	for _, sb := range s.Sandboxes {
		t.pods = append(t.pods, &tryPod{pod: podOf(sb), sandbox: sb})
	}
	return t, nil
}

// takeDown detaches all pods, the newest first, and says whether nothing is left.
func (t *trial) takeDown(ctx context.Context) bool {
	var left []string
	var gone []string
	for _, p := range slices.Backward(t.pods) {
		left = append(left, t.evict(p)...)
		detached, err := t.detach(ctx, p)
		if err != nil {
			left = append(left, fmt.Sprintf("the attachments of pod %s: %v", p.pod, err))
		}
		if detached {
			gone = append(gone, p.pod.String())
		}
		if err := removeNetNS(p.sandbox.NetNS); err != nil {
			left = append(left, err.Error())
		}
	}
	if len(gone) > 0 {
		t.say("detached: %s", strings.Join(gone, ", "))
	}
	left = append(left, t.settle()...)
	left = append(left, t.leftovers(ctx)...)
	return t.conclude(left)
}

// evict ends what COMMAND left running in the pod.
func (t *trial) evict(p *tryPod) (left []string) {
	ended, stay := evict(p.sandbox.NetNS)
	for _, e := range ended {
		t.say("process %d (%s) ended: it was left running in pod %s", e.pid, e.name, p.pod)
	}
	for _, s := range stay {
		left = append(left, fmt.Sprintf("process %d (%s) in network namespace %s", s.pid, s.name, p.sandbox.ContainerID))
	}
	return left
}

// detach does DEL for a pod that has a record.
func (t *trial) detach(ctx context.Context, p *tryPod) (bool, error) {
	if _, err := t.plugin.State.Load(state.KeyOf(p.sandbox)); errors.Is(err, state.ErrNone) {
		return false, nil
	}
	err := t.session.watch(func() error { return t.plugin.Del(ctx, p.sandbox) })
	return err == nil, err
}

// note prints what was done and returns what went wrong.
func (t *trial) note(done []string, err error) []string {
	for _, line := range done {
		t.say("%s", line)
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// settle waits for links to go, tidies up what plugins leave by design, and
// returns the links that are left.
func (t *trial) settle() []string {
	now, err := t.awaitLinks()
	left := t.note(nil, err)
	left = append(left, t.note(t.session.tidyBridges(now))...)
	left = append(left, t.note(t.session.Before.restoreForwarding())...)
	now, err = hostLinks()
	left = append(left, t.note(nil, err)...)
	for _, l := range within(now, t.session.Links) {
		if l.Ports > 0 {
			left = append(left, fmt.Sprintf("%s, which has %d ports that others put there", l, l.Ports))
			continue
		}
		left = append(left, l.String())
	}
	for _, l := range missingOf(t.session.Moved, now) {
		left = append(left, fmt.Sprintf("%s of the host is gone: a plugin took it and did not bring it back", l))
	}
	return left
}

// awaitLinks waits until the links that came with the pods are gone, but for
// bridges, and the host's own are back.
func (t *trial) awaitLinks() ([]hostLink, error) {
	for end := time.Now().Add(settling); ; time.Sleep(20 * time.Millisecond) {
		now, err := hostLinks()
		if err != nil {
			return nil, err
		}
		waiting := missingOf(t.session.Moved, now)
		for _, l := range within(now, t.session.Links) {
			if l.Type != "bridge" || l.Ports > 0 {
				waiting = append(waiting, l)
			}
		}
		if len(waiting) == 0 || time.Now().After(end) {
			return now, nil
		}
	}
}

// leftovers are what is left beside links.
func (t *trial) leftovers(ctx context.Context) []string {
	var left, containers, addresses []string
	for _, p := range t.pods {
		containers = append(containers, p.sandbox.ContainerID)
		for _, i := range p.interfaces {
			for _, a := range i.addresses {
				addresses = append(addresses, a.IP.String())
			}
		}
		if _, err := os.Lstat(p.sandbox.NetNS); err == nil {
			left = append(left, "network namespace "+p.sandbox.NetNS)
		}
		if _, err := t.plugin.State.Load(state.KeyOf(p.sandbox)); !errors.Is(err, state.ErrNone) {
			left = append(left, "the record of pod "+p.pod.String()+" in "+t.session.State)
		}
	}
	for _, lease := range leases(t.session.Leases, containers) {
		left = append(left, "lease "+lease)
	}
	now := ruleset(ctx)
	for _, rule := range now {
		if ruleLeft(rule, t.rules, containers, addresses) {
			left = append(left, "firewall rule "+rule)
		}
	}
	left = append(left, t.note(t.session.tidyChains(ctx, now))...)
	return left
}

// conclude says what is left, and forgets the session if another DEL has nothing
// to do.
func (t *trial) conclude(left []string) bool {
	t.tidyState()
	tidyScratch(t.session.Scratch)
	if len(left) == 0 {
		if err := t.session.forget(); err != nil {
			left = append(left, err.Error())
		}
	}
	if len(left) == 0 {
		t.say("nothing left: links, namespaces, records, leases, firewall rules")
		return true
	}
	t.say("left:")
	for _, thing := range left {
		t.say("  %s", thing)
	}
	t.say("try again with: multus try --remove %s", t.session.ID)
	return false
}

// tidyState removes the state folder if try made it and nothing is recorded in it.
func (t *trial) tidyState() {
	if !slices.Contains(t.session.Scratch, t.session.State) {
		return
	}
	if records, err := t.plugin.State.List(); err == nil && len(records) == 0 {
		_ = os.RemoveAll(t.session.State) // a folder without records harms nobody
	}
}

// podOf is the pod that the sandbox was made for.
func podOf(sb plan.Sandbox) plan.Pod { return multus.PodOf(sb.Args) }
