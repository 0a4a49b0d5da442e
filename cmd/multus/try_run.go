package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/multus-cni/multus/pkg/manifest"
	"github.com/multus-cni/multus/pkg/multus"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// trial is one run of try.
type trial struct {
	c       cli
	opts    tryOptions
	plugin  multus.Plugin
	session session
	pods    []*tryPod
	rules   map[string]bool // of the firewall, before; nil: not known
}

// tryPod is a pod and the sandbox made for it.
type tryPod struct {
	pod        plan.Pod
	sandbox    plan.Sandbox
	interfaces []podInterface
	attached   bool
}

// say prints a line of the report.
func (t *trial) say(format string, args ...any) {
	fmt.Fprintf(t.c.stdout, format+"\n", args...)
}

// prepareTrial does all that can be refused before anything is made: reads the
// files, and plans every pod.
func prepareTrial(ctx context.Context, c cli, opts tryOptions) (*trial, error) {
	objects, err := manifest.Read(c.stdin, opts.files...)
	if err != nil {
		return nil, err
	}
	for _, w := range objects.Warnings {
		fmt.Fprintln(c.stderr, "warning:", w)
	}
	if len(objects.Pods()) == 0 {
		return nil, errors.New("no pods in the files: a Pod that selects networks is what is to be tried")
	}
	t := &trial{c: c, opts: opts}
	conf, given := objects.Conf()
	if !given {
		conf = []byte(tryConf)
	}
	if t.plugin, err = tryPlugin(c, opts, conf); err != nil {
		return nil, err
	}
	t.plugin.Cluster = objects
	t.plugin.Planner.Definitions, t.plugin.Planner.Networks = objects, objects.Networks()
	atts, err := t.planAll(ctx, objects.Pods())
	if err != nil {
		return nil, err
	}
	return t, t.remember(ctx, conf, atts)
}

// planAll plans every pod; the faults of all are joined.
func (t *trial) planAll(ctx context.Context, pods []plan.Pod) ([]plan.Attachment, error) {
	var atts []plan.Attachment
	var faults []error
	for i, pod := range pods {
		p := &tryPod{pod: pod, sandbox: session{}.sandboxOf(pod, i)}
		pl, err := t.plugin.Planner.Plan(ctx, p.sandbox, pod)
		if err != nil {
			faults = append(faults, fmt.Errorf("pod %s: %w", pod, err))
		}
		atts = append(atts, pl.Attachments...)
		t.pods = append(t.pods, p)
	}
	return atts, errors.Join(faults...)
}

// remember saves the session, with the host as it is before anything is made.
func (t *trial) remember(ctx context.Context, conf json.RawMessage, atts []plan.Attachment) error {
	before, err := lookAround()
	if err != nil {
		return err
	}
	rules := ruleset(ctx)
	before.Chains, t.rules = pluginChains(rules), setOf(rules)
	s, err := newSession()
	if err != nil {
		return err
	}
	if t.opts.state != "" {
		s.State = t.opts.state
	}
	s.Conf, s.Path, s.Before = conf, t.plugin.Runner.Path, before
	s.Leases = leaseFolders(atts)
	s.Scratch = absent(append([]string{s.State}, s.Leases...))
	for i, p := range t.pods {
		p.sandbox = s.sandboxOf(p.pod, i)
		s.Sandboxes = append(s.Sandboxes, p.sandbox)
	}
	t.session = s
	t.plugin.State = state.Dir(s.State)
	return s.save()
}

// run attaches, shows, runs, checks and takes down.
func (t *trial) run(ctx context.Context) int {
	code, failed := exitOK, t.attachAll(ctx)
	attached := failed == nil
	if attached {
		code, failed = t.command()
	}
	// What the command was interrupted with was meant for the command.
	ctx = context.WithoutCancel(ctx)
	if attached {
		failed = errors.Join(failed, t.checkAll(ctx))
	}
	if failed != nil {
		complain(t.c, "multus try", failed)
		code = max(code, exitFailed)
	}
	if attached && t.opts.keep {
		t.kept()
		return code
	}
	if !t.takeDown(ctx) {
		code = max(code, exitFailed)
	}
	return code
}

// attachAll attaches the pods in order and shows each.
func (t *trial) attachAll(ctx context.Context) error {
	for _, p := range t.pods {
		if err := ctx.Err(); err != nil {
			return errors.New("interrupted")
		}
		if err := makeNetNS(p.sandbox.NetNS); err != nil {
			return err
		}
		err := t.session.watch(func() error {
			_, err := t.plugin.Add(ctx, p.sandbox)
			return err
		})
		err = errors.Join(err, t.session.save())
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("pod %s: %w", p.pod, err)
		}
		p.attached = true
		if err := t.show(p); err != nil {
			return fmt.Errorf("pod %s: %w", p.pod, err)
		}
	}
	return nil
}

// watch notes the links that come and go on the host while plugins run: on a
// busy machine others make and remove links as well.
func (s *session) watch(run func() error) error {
	before, err := hostLinks()
	if err != nil {
		return err
	}
	ran := run()
	after, err := hostLinks()
	if err != nil {
		return errors.Join(ran, err)
	}
	s.Links = append(s.Links, missingOf(without(after, before), s.Before.Links)...)
	s.Moved = append(s.Moved, without(within(before, s.Before.Links), after)...)
	return ran
}

// show reads back what became of the pod and prints it.
func (t *trial) show(p *tryPod) error {
	rec, err := t.plugin.State.Load(state.KeyOf(p.sandbox))
	if err != nil {
		return err
	}
	if p.interfaces, err = podInterfaces(rec); err != nil {
		return err
	}
	for _, a := range rec.Attachments {
		t.session.Gateways = append(t.session.Gateways, gateways(a.Result)...)
	}
	t.say("pod %s in network namespace %s\n\n%s", p.pod, p.sandbox.ContainerID, table(p.interfaces))
	return t.session.save()
}

// gateways are those of a result. Results before CNI 0.3 have none of others' concern.
func gateways(result json.RawMessage) []string {
	var r struct {
		IPs []struct {
			Gateway string `json:"gateway"`
		} `json:"ips"`
	}
	if json.Unmarshal(result, &r) != nil {
		return nil
	}
	var found []string
	for _, ip := range r.IPs {
		found = append(found, ip.Gateway)
	}
	return found
}

// checkAll checks every pod.
func (t *trial) checkAll(ctx context.Context) error {
	var faults []error
	var good []string
	for _, p := range t.pods {
		if err := t.plugin.Check(ctx, p.sandbox); err != nil {
			faults = append(faults, fmt.Errorf("CHECK of pod %s: %w", p.pod, err))
			continue
		}
		good = append(good, p.pod.String())
	}
	if len(good) > 0 {
		t.say("checked:  %s", strings.Join(good, ", "))
	}
	return errors.Join(faults...)
}

// kept says how to look into what is kept and how to remove it.
func (t *trial) kept() {
	t.say("\nkept: look in with")
	for _, p := range t.pods {
		t.say("  ip netns exec %s ip address", p.sandbox.ContainerID)
	}
	t.say("  multus list --state %s", t.session.State)
	t.say("and remove it all with")
	t.say("  multus try --remove %s", t.session.ID)
}
