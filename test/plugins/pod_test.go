package plugins_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/types/create"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// pod is a sandbox on a node, and the runtime that looks after it.
type pod struct {
	*cnitest.NetNS
	node *node
	t    testing.TB
	name string
	id   string // of its container
	// annotations are handed over by the runtime; nil: it hands over none.
	annotations map[string]string
}

// newPod makes a sandbox whose network namespace ends with t.
func (n *node) newPod(t testing.TB, name string) *pod {
	t.Helper()
	return &pod{NetNS: cnitest.NewNetNS(t), node: n, t: t, name: name, id: "0123abcd-" + name}
}

// annotated is newPod for a pod that the cluster knows, with the annotation that
// selects its networks.
func (n *node) annotated(t testing.TB, name, networks string) *pod {
	t.Helper()
	p := n.newPod(t, name)
	p.annotations = map[string]string{"k8s.v1.cni.cncf.io/networks": networks}
	n.put(map[string]any{
		"kind": "Pod", "apiVersion": "v1",
		"metadata": map[string]any{
			"namespace": "default", "name": name, "uid": p.uid(), "annotations": p.annotations,
		},
	})
	return p
}

func (p *pod) uid() string { return "11111111-2222-3333-4444-" + p.name }

// call has Multus carry out a command for the pod.
func (p *pod) call(command string, c conf) ([]byte, error) {
	p.t.Helper()
	return p.node.multus(p.of(c), p.env(command)...)
}

// of is the configuration as the runtime hands it over for the pod.
func (p *pod) of(c conf) conf {
	if p.annotations == nil {
		return c
	}
	return c.runtime(podAnnotations, p.annotations)
}

// env is what the runtime passes in the environment for the pod.
func (p *pod) env(command string) []string {
	return []string{
		"CNI_COMMAND=" + command, "CNI_CONTAINERID=" + p.id, "CNI_NETNS=" + p.Path, "CNI_IFNAME=eth0",
		fmt.Sprintf("CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=%s;K8S_POD_UID=%s",
			p.name, p.id, p.uid()),
	}
}

// command is a run of the binary on the node that is yet to be started there.
func (n *node) command(c conf, env ...string) *exec.Cmd {
	n.t.Helper()
	stdin, err := json.Marshal(c)
	if err != nil {
		n.t.Fatal(err)
	}
	cmd := exec.Command(cnitest.Binary("multus"))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "CNI_PATH=" + n.bin}, env...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd
}

// multus runs the binary on the node. The error is what it answered, a *types.Error.
func (n *node) multus(c conf, env ...string) ([]byte, error) {
	n.t.Helper()
	var stdout, stderr bytes.Buffer
	var exit error
	n.Do(func() error {
		cmd := n.command(c, env...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		exit = cmd.Run()
		return nil
	})
	if exit == nil {
		return stdout.Bytes(), nil
	}
	n.t.Logf("%s: %v\n%s", env[0], exit, stderr.Bytes())
	var answered types.Error
	if err := json.Unmarshal(stdout.Bytes(), &answered); err != nil {
		n.t.Fatalf("%s: %v, and its output is no CNI error: %s", env[0], exit, stdout.Bytes())
	}
	return nil, &answered
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
