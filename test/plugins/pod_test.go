package plugins_test

import (
	"testing"

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

// of is the configuration as the runtime hands it over for the pod.
func (p *pod) of(c conf) conf {
	if p.annotations == nil {
		return c
	}
	return c.runtime(node.PodAnnotations, p.annotations)
}

// call has Multus carry out a command for the pod.
func (p *pod) call(verb string, c conf) node.Outcome {
	p.t.Helper()
	return p.node.Run(verb, p.of(c), p.sandbox())
}

// add attaches the pod and returns the result that Multus answered, which is in
// the configuration's version.
func (p *pod) add(c conf) *current.Result {
	p.t.Helper()
	out := []byte(p.call("ADD", c).OK(p.t).Stdout)
	answered, err := create.CreateFromBytes(out)
	if err != nil {
		p.t.Fatalf("ADD: %v\n%s", err, out)
	}
	same(p.t, "version of the answer", answered.Version(), c["cniVersion"].(string))
	result, err := current.NewResultFromResult(answered)
	cnitest.Must(p.t, err)
	return result
}

// ok has Multus carry out a command that has to succeed without an answer.
func (p *pod) ok(verb string, c conf) {
	p.t.Helper()
	same(p.t, "what "+verb+" prints", p.call(verb, c).OK(p.t).Stdout, "")
}

func (p *pod) check(c conf) { p.t.Helper(); p.ok("CHECK", c) }
func (p *pod) del(c conf)   { p.t.Helper(); p.ok("DEL", c) }

// refused has Multus carry out a command that has to fail and to say all the texts.
func (p *pod) refused(verb string, c conf, texts ...string) node.Outcome {
	p.t.Helper()
	return p.call(verb, c).Refused(p.t, texts...)
}

// neverAdded is refused for an ADD, which leaves nothing.
func (p *pod) neverAdded(c conf, texts ...string) node.Outcome {
	p.t.Helper()
	before := p.node.traces()
	o := p.refused("ADD", c, texts...)
	p.gone(before, &current.Result{})
	return o
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
