package plan_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/netconf"
	"github.com/multus-cni/multus/pkg/plan"
)

// planner is one for the delegate `one`, with the definitions at hand.
func planner(t testing.TB, definitions plan.Definitions) plan.Planner {
	t.Helper()
	list, _, err := netconf.Parse([]byte(`{"cniVersion":"1.0.0","name":"one","type":"ptp"}`), "")
	cnitest.Must(t, err)
	return plan.Planner{Conf: config.Config{Delegates: []config.Delegate{{List: list}}}, Definitions: definitions}
}

func web(networks string) plan.Pod {
	return plan.Pod{Namespace: "default", Name: "web", Annotations: map[string]string{plan.NetworksKey: networks}}
}

var sandbox = plan.Sandbox{ContainerID: "c1", IfName: "eth0"}

func TestUnavailableIsToldFromWrong(t *testing.T) {
	down := &definitions{down: true}
	_, err := planner(t, down).Plan(t.Context(), sandbox, web("a,b"))
	if !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("error %v is not ErrUnavailable", err)
	}
	if n := strings.Count(err.Error(), "connection refused"); n != 1 {
		t.Errorf("one outage is told %d times: %v", n, err)
	}
	_, err = planner(t, down).Salvage(t.Context(), sandbox, web("a"))
	if !errors.Is(err, plan.ErrUnavailable) {
		t.Errorf("error %v is not ErrUnavailable", err)
	}
	_, err = planner(t, &definitions{}).Plan(t.Context(), sandbox, web("a"))
	if err == nil || errors.Is(err, plan.ErrUnavailable) || errors.Is(err, plan.ErrNotFound) {
		t.Errorf("a missing definition: error %v", err)
	}
}

func TestErrorsOfDevicesAreKept(t *testing.T) {
	p := planner(t, &definitions{known: map[plan.Ref]plan.Definition{{Namespace: "default", Name: "a"}: {Config: `{"type":"sriov"}`, Resource: "x.io/vf"}}})
	p.Devices = failing{os.ErrPermission}
	if _, err := p.Plan(t.Context(), sandbox, web("a")); !errors.Is(err, os.ErrPermission) {
		t.Errorf("error %v is not what the kubelet's client said", err)
	}
}

type failing struct{ err error }

func (f failing) Devices(context.Context, plan.Pod, []string) (map[string][]string, error) {
	return nil, f.err
}

// TestInputsStayAsTheyAre plans twice with the same inputs: a plan that took
// devices away from the caller, or wrote into its pod, would differ.
func TestInputsStayAsTheyAre(t *testing.T) {
	p := planner(t, &definitions{known: map[plan.Ref]plan.Definition{{Namespace: "default", Name: "a"}: {Config: `{"type":"sriov"}`, Resource: "x.io/vf"}}})
	p.Conf.AllowPodDeviceID = true
	p.Devices = &devices{ids: map[string][]string{"x.io/vf": {"d1", "d2"}}}
	pod := web(`[{"name":"a"},{"name":"a","deviceID":"d1"}]`)
	first, err := p.Plan(t.Context(), sandbox, pod)
	cnitest.Must(t, err)
	second, err := p.Plan(t.Context(), sandbox, pod)
	cnitest.Must(t, err)
	if diff := cmp.Diff(compact(t, first), compact(t, second)); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}

func TestLegacyArgsWithoutOthers(t *testing.T) {
	p := planner(t, &definitions{known: map[plan.Ref]plan.Definition{{Namespace: "default", Name: "a"}: {Config: `{"type":"macvlan"}`}}})
	p.Conf.UnsupportedRequests = config.UnsupportedLegacy
	for given, want := range map[string]string{"": "MAC=02:00:00:00:00:01", "A=b": "A=b;MAC=02:00:00:00:00:01", "A=b;": "A=b;MAC=02:00:00:00:00:01"} {
		sb := sandbox
		sb.Args = given
		made, err := p.Plan(t.Context(), sb, web(`[{"name":"a","mac":"02:00:00:00:00:01"}]`))
		cnitest.Must(t, err)
		if got := made.Attachments[1].Args; got != want {
			t.Errorf("%q became %q, not %q", given, got, want)
		}
	}
}

// TestWhatIsKnownOfTheMissing keeps what a source says beyond that there is no
// such object.
func TestWhatIsKnownOfTheMissing(t *testing.T) {
	_, err := planner(t, hinting{}).Plan(t.Context(), sandbox, web("net-z"))
	want := `network default/net-z: no NetworkAttachmentDefinition "net-z" in namespace "default" (not found in the files; did you mean net-a?); create it or correct the pod's k8s.v1.cni.cncf.io/networks annotation`
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

type hinting struct{}

func (hinting) Definitions(_ context.Context, _ string, refs []plan.Ref) map[plan.Ref]plan.Answer {
	return map[plan.Ref]plan.Answer{refs[0]: {Err: fmt.Errorf("%w in the files; did you mean net-a?", plan.ErrNotFound)}}
}

func TestStaticPods(t *testing.T) {
	const source = "kubernetes.io/config.source"
	for from, want := range map[string]bool{"api": false, "file": true, "http": true} {
		if got := (plan.Pod{Annotations: map[string]string{source: from}}).Static(); got != want {
			t.Errorf("a pod from %q: static %t", from, got)
		}
	}
	if (plan.Pod{}).Static() {
		t.Error("a pod that says nothing of it is static")
	}
}
