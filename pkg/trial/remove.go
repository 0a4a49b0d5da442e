package trial

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/multus-cni/multus/pkg/state"
)

// Remove detaches all pods, the newest first, and tells whether nothing is left.
func (s *Session) Remove(ctx context.Context) bool {
	var detached []string
	for _, p := range slices.Backward(s.Pods) {
		s.endProcesses(p)
		if s.detach(ctx, p) {
			detached = append(detached, p.String())
		}
		s.tried(removeNetNS(p.Sandbox.ContainerID))
	}
	if len(detached) > 0 {
		s.say("detached: %s", strings.Join(detached, ", "))
	}
	s.removeLinks()
	s.removeAddresses()
	s.restoreForwarding()
	s.checkLeases()
	s.checkFirewall(ctx)
	return s.conclude()
}

// recorded tells whether there is a record of the pod, be it one that cannot be read.
func (s *Session) recorded(p *Pod) bool {
	_, err := s.plugin.State.Load(state.KeyOf(p.Sandbox))
	return !errors.Is(err, state.ErrNone)
}

// detach does DEL for a pod that has a record.
func (s *Session) detach(ctx context.Context, p *Pod) bool {
	if !s.recorded(p) {
		return false
	}
	err := s.watch(func() error { return s.plugin.Del(ctx, p.Sandbox) })
	if err != nil {
		s.remains("the attachments of pod %s: %v", p, err)
	}
	if s.recorded(p) {
		s.remains("the record of pod %s in %s", p, s.State)
	}
	return err == nil
}

// names tells whether a text names the container of one of the pods.
func (s *Session) names(text string) bool {
	return slices.ContainsFunc(s.Pods, func(p *Pod) bool { return strings.Contains(text, p.Sandbox.ContainerID) })
}

// conclude says what is left, and forgets the session if nothing is.
func (s *Session) conclude() bool {
	if records, err := s.plugin.State.List(); slices.Contains(s.Scratch, s.State) && err == nil && len(records) == 0 {
		_ = os.RemoveAll(s.State) // a directory without records harms nobody
	}
	removeScratch(s.Scratch)
	if len(s.left) == 0 {
		s.tried(s.forget())
	}
	if len(s.left) == 0 {
		s.say("nothing left: links, namespaces, records, leases, firewall rules")
		return true
	}
	s.say("left:")
	for _, thing := range s.left {
		s.say("  %s", thing)
	}
	s.say("try again with: multus try --remove %s", s.ID)
	return false
}
