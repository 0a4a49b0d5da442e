package plan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// run carries out the scenario and shows what came of it.
func (s *scenario) run(t *testing.T) string {
	var out strings.Builder
	sb := plan.Sandbox{ContainerID: "c1", NetNS: "/run/netns/c1", IfName: "eth0", Args: args}
	var made plan.Plan
	var err error
	switch s.command {
	case "everywhere":
		lists, failed := s.planner.Everywhere(t.Context())
		for _, list := range lists {
			fmt.Fprintf(&out, "%s\n", compact(t, list))
		}
		err = failed
	case "salvage":
		made, err = s.planner.Salvage(t.Context(), sb, s.pod)
	case "":
		made, err = s.planner.Plan(t.Context(), sb, s.pod)
	default:
		t.Fatalf("unknown command %q", s.command)
	}
	s.checkCalls(t, &out)
	checkPlan(t, made)
	for _, a := range made.Attachments {
		show(t, &out, a)
	}
	for _, warning := range made.Warnings {
		fmt.Fprintf(&out, "warning: %s\n", warning)
	}
	if err != nil {
		fmt.Fprintf(&out, "error: %s\n", strings.ReplaceAll(err.Error(), "; (", ";\n  ("))
	}
	return strings.ReplaceAll(out.String(), s.dir, "$DIR")
}

// checkCalls holds the planner to one call for all definitions, each distinct one
// once, and to at most one for devices.
func (s *scenario) checkCalls(t *testing.T, out *strings.Builder) {
	if len(s.nads.calls) > 1 {
		t.Errorf("definitions were asked for %d times: %v", len(s.nads.calls), s.nads.calls)
	}
	if s.devices != nil && s.devices.calls > 1 {
		t.Errorf("devices were asked for %d times", s.devices.calls)
	}
	for _, refs := range s.nads.calls {
		seen := make(map[plan.Ref]bool)
		fmt.Fprint(out, "read:")
		for _, r := range refs {
			if seen[r] {
				t.Errorf("%s was asked for twice", r)
			}
			seen[r] = true
			fmt.Fprint(out, " ", r)
		}
		fmt.Fprintln(out)
	}
}

// checkPlan checks what is true of every plan: it is data, and no two
// attachments share an interface.
func checkPlan(t *testing.T, made plan.Plan) {
	data, err := json.Marshal(made)
	cnitest.Must(t, err)
	var read plan.Plan
	cnitest.Must(t, json.Unmarshal(data, &read))
	again, err := json.Marshal(read)
	cnitest.Must(t, err)
	if diff := cmp.Diff(string(data), string(again)); diff != "" {
		t.Errorf("the plan changes on its way through JSON:\n%s", diff)
	}
	owner := make(map[string]string)
	for i, a := range made.Attachments {
		if other, taken := owner[a.Interface]; taken {
			t.Errorf("%s has the interface of %s", a, other)
		}
		owner[a.Interface] = a.String()
		if a.Master && i > 0 {
			t.Errorf("%s is the master, and not the first", a)
		}
	}
}

func show(t *testing.T, out *strings.Builder, a plan.Attachment) {
	fmt.Fprintf(out, "%s: %s", a.Interface, a.Network)
	if a.Master {
		fmt.Fprint(out, " (master)")
	}
	fmt.Fprintf(out, "\n  reason: %s\n  source: %s\n  config: %s\n", a.Reason, a.Source, compact(t, a.Config))
	if len(a.RuntimeConfig) > 0 {
		fmt.Fprintf(out, "  runtimeConfig: %s\n", compact(t, a.RuntimeConfig))
	}
	if a.Args != args {
		fmt.Fprintf(out, "  args: %s\n", a.Args)
	}
	if a.Verify.MAC != "" || a.Verify.IPs != nil {
		fmt.Fprintf(out, "  verify: %s\n", compact(t, a.Verify))
	}
	if a.DefaultRoute != nil {
		fmt.Fprintf(out, "  default route: %s\n", compact(t, a.DefaultRoute))
	}
	if a.DeviceInfoFile != "" {
		fmt.Fprintf(out, "  device-info file: %s\n", a.DeviceInfoFile)
	}
	if a.Device != nil {
		fmt.Fprintf(out, "  device: %s %s\n", a.Device.Resource, a.Device.ID)
	}
}

func compact(t *testing.T, value any) string {
	data, err := json.Marshal(value)
	cnitest.Must(t, err)
	return string(data)
}
