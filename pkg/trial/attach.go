package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/state"
)

// Attach attaches the pods in order, and shows what became of each.
func (s *Session) Attach(ctx context.Context) error {
	if err := s.makeLinks(); err != nil {
		return err
	}
	for _, p := range s.Pods {
		err := s.attach(ctx, p)
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("pod %s: %w", p, err)
		}
		s.say("pod %s in network namespace %s\n%s", p, p.Sandbox.ContainerID, blocks(p.interfaces))
	}
	return nil
}

func (s *Session) attach(ctx context.Context, p *Pod) error {
	if err := makeNetNS(p.Sandbox.ContainerID); err != nil {
		return err
	}
	err := s.watch(func() error {
		_, err := s.plugin.Add(ctx, p.Sandbox)
		return err
	})
	if err == nil {
		err = s.readBack(p)
	}
	return errors.Join(err, s.save())
}

// watch notes the links that come and go on the host while plugins run: on a
// busy machine others make and remove links as well.
func (s *Session) watch(run func() error) error {
	before, err := links()
	if err != nil {
		return err
	}
	ran := run()
	after, err := links()
	if err == nil {
		s.Came = append(s.Came, minus(minus(after, before, sameIndex), s.Before.Links, alike)...)
		s.Went = append(s.Went, minus(both(before, s.Before.Links), after, sameIndex)...)
	}
	return errors.Join(ran, err)
}

// readBack reads what became of a pod.
func (s *Session) readBack(p *Pod) error {
	rec, err := s.plugin.State.Load(state.KeyOf(p.Sandbox))
	if err != nil {
		return err
	}
	for _, a := range rec.Attachments {
		var result struct {
			IPs []struct{ Gateway string }
		}
		_ = json.Unmarshal(a.Result, &result) // results before CNI 0.3 have no gateways that matter to others
		for _, ip := range result.IPs {
			s.Gateways = append(s.Gateways, ip.Gateway)
		}
	}
	p.interfaces, err = interfacesOf(rec)
	return err
}

// Check checks every pod.
func (s *Session) Check(ctx context.Context) error {
	var faults []error
	var good []string
	for _, p := range s.Pods {
		if err := s.plugin.Check(ctx, p.Sandbox); err != nil {
			faults = append(faults, fmt.Errorf("CHECK of pod %s: %w", p, err))
			continue
		}
		good = append(good, p.String())
	}
	if len(good) > 0 {
		s.say("checked:  %s", strings.Join(good, ", "))
	}
	return errors.Join(faults...)
}

// Keep says how to look into what is kept and how to remove it.
func (s *Session) Keep() {
	s.say("\nkept: look in with")
	for _, p := range s.Pods {
		s.say("  ip netns exec %s ip address", p.Sandbox.ContainerID)
	}
	s.say("  multus list --state %s\nand remove it all with\n  multus try --remove %s", s.State, s.ID)
}
