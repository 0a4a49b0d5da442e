package plugins_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/types/create"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/test/node"
)

// pod is a sandbox on a node, and the runtime that looks after it.
type pod struct {
	*cnitest.NetNS
	node *host
	t    testing.TB
	name string
	id   string // of its container
	// annotations are handed over by the runtime; nil: it hands over none.
	annotations map[string]string
}

// newPod makes a sandbox whose network namespace ends with t.
func (n *host) newPod(t testing.TB, name string) *pod {
	t.Helper()
	return &pod{NetNS: cnitest.NewNetNS(t), node: n, t: t, name: name, id: "0123abcd-" + name}
}

// annotated is newPod for a pod that the cluster knows, with the annotation that
// selects its networks.
func (n *host) annotated(t testing.TB, name, networks string) *pod {
	t.Helper()
	p := n.newPod(t, name)
	p.annotations = map[string]string{node.Networks: networks}
	n.Admit(p.sandbox(), p.annotations)
	return p
}

func (p *pod) sandbox() node.Sandbox {
	return node.Sandbox{ID: p.id, NetNS: p.Path, Namespace: "default", Pod: p.name, UID: "11111111-2222-3333-4444-" + p.name}
}

// call has Multus carry out a command for the pod.
func (p *pod) call(verb string, c conf) ([]byte, error) {
	p.t.Helper()
	return p.node.multus(verb, p.of(c), p.sandbox())
}

// of is the configuration as the runtime hands it over for the pod.
func (p *pod) of(c conf) conf {
	if p.annotations == nil {
		return c
	}
	return c.runtime(node.PodAnnotations, p.annotations)
}

// multus runs the binary on the node. The error is what it answered, a *types.Error.
func (n *host) multus(verb string, c conf, s node.Sandbox) ([]byte, error) {
	n.T.Helper()
	cmd := n.Command(verb, c, s)
	if n.wrap != nil {
		n.wrap(cmd)
	}
	o := n.Start(cmd).End()
	if o.Exit == 0 {
		return []byte(o.Stdout), nil
	}
	n.T.Logf("%s: exit status %d\n%s", verb, o.Exit, o.Stderr)
	return nil, &types.Error{Code: o.Code, Msg: o.Msg, Details: o.Details}
}

// add attaches the pod and returns the result that Multus answered, which is in
// the configuration's version.
func (p *pod) add(c conf) *current.Result {
	p.t.Helper()
	out, err := p.call("ADD", c)
	if err != nil {
		p.t.Fatalf("ADD: %v", err)
	}
	answered, err := create.CreateFromBytes(out)
	if err != nil {
		p.t.Fatalf("ADD: %v\n%s", err, out)
	}
	if got := answered.Version(); got != c["cniVersion"] {
		p.t.Errorf("ADD answered in version %s, the configuration is of %s", got, c["cniVersion"])
	}
	result, err := current.NewResultFromResult(answered)
	if err != nil {
		p.t.Fatalf("ADD: %v\n%s", err, out)
	}
	return result
}

// do carries out a command that has to succeed without an answer.
func (p *pod) do(command string, c conf) {
	p.t.Helper()
	out, err := p.call(command, c)
	if err != nil {
		p.t.Fatalf("%s: %v", command, err)
	}
	if len(out) > 0 {
		p.t.Errorf("%s printed %s", command, out)
	}
}

func (p *pod) check(c conf) { p.t.Helper(); p.do("CHECK", c) }
func (p *pod) del(c conf)   { p.t.Helper(); p.do("DEL", c) }

// refused carries out a command that has to fail, and returns the error.
func (p *pod) refused(command string, c conf) *types.Error {
	p.t.Helper()
	out, err := p.call(command, c)
	var answered *types.Error
	if !errors.As(err, &answered) {
		p.t.Fatalf("%s succeeded, an error was expected; it answered %s", command, out)
	}
	return answered
}

// life attaches the pod, looks, checks and detaches it, twice. Neither time may
// anything be left, and the second time nothing may be different from the first.
func (p *pod) life(c conf, look func(*current.Result)) {
	p.t.Helper()
	before := p.node.traces()
	var after []string
	for round := range 2 {
		result := p.add(c)
		look(result)
		p.check(c)
		p.del(c)
		p.gone(before, result)
		rules := p.node.ruleset()
		if round > 0 {
			same(p.t, "rules after the second DEL", rules, after)
		}
		after = rules
	}
	p.del(c) // a runtime may well ask twice
}

// says makes sure that an error tells of everything.
func says(t testing.TB, err *types.Error, words ...string) {
	t.Helper()
	text := err.Msg + " " + err.Details
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}
