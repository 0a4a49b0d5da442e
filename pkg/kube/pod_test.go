package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

// hosted is a pod of n1 with further members of its metadata, its spec and its status.
func hosted(name, metadata, spec, status string) string {
	return fmt.Sprintf(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":%q,"uid":"uid-%[1]s","resourceVersion":"7"%s},
		"spec":{"nodeName":"n1"%s},"status":{"startTime":"2026-01-02T03:04:05Z"%s}}`, name, metadata, spec, status)
}

func TestHosted(t *testing.T) {
	const running = `,"phase":"Running","podIP":"10.0.0.1"`
	s := cnitest.NewAPIServer(t,
		hosted("attached", `,"annotations":{"a":"b"},"ownerReferences":[{"controller":true,"name":"rs"}]`, "", running),
		hosted("host", "", `,"hostNetwork":true`, running),
		hosted("starting", "", "", `,"phase":"Pending"`),
		hosted("done", "", "", `,"phase":"Succeeded","podIP":"10.0.0.1"`),
		hosted("going", `,"deletionTimestamp":"2026-01-02T03:04:05Z"`, "", running),
		strings.Replace(hosted("elsewhere", "", "", running), "n1", "n2", 1))
	for i := range 120 { // more than one page
		cnitest.Must(t, s.Put([]byte(hosted(fmt.Sprintf("z%03d", i), "", "", ""))))
	}
	pods, err := dial(t, s).Hosted(within(t, 5*time.Second), "n1")
	if err != nil || len(pods) != 125 {
		t.Fatalf("%d pods, %v", len(pods), err)
	}
	attached := map[string]bool{}
	for _, p := range pods[:5] {
		attached[p.Name] = p.Attached
	}
	if diff := cmp.Diff(map[string]bool{"attached": true, "host": false, "starting": false, "done": false, "going": false}, attached); diff != "" {
		t.Errorf("attached (-want +got):\n%s", diff)
	}
	want := HostedPod{
		Pod:             plan.Pod{Namespace: "default", Name: "attached", UID: "uid-attached", Annotations: map[string]string{"a": "b"}},
		ResourceVersion: "7", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Attached: true, Controlled: true,
	}
	got := pods[0]
	got.Since = got.Since.UTC()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
}

// TestDeletePod: only the pod that was read.
func TestDeletePod(t *testing.T) {
	s := cnitest.NewAPIServer(t, hosted("p", "", "", ""))
	c := dial(t, s)
	pod := HostedPod{Pod: plan.Pod{Namespace: "default", Name: "p", UID: "another"}, ResourceVersion: "7"}
	if err := c.DeletePod(within(t, 5*time.Second), pod); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("another UID: %v", err)
	}
	pod.UID, pod.ResourceVersion = "uid-p", "6"
	if err := c.DeletePod(within(t, 5*time.Second), pod); !errors.Is(err, plan.ErrNotFound) {
		t.Errorf("another version: %v", err)
	}
	pod.ResourceVersion = "7"
	if s.Object("/api/v1/namespaces/default/pods/p") == nil {
		t.Fatal("it went too early")
	}
	if err := c.DeletePod(within(t, 5*time.Second), pod); err != nil || s.Object("/api/v1/namespaces/default/pods/p") != nil {
		t.Errorf("%v", err)
	}
}

func TestWarn(t *testing.T) {
	s := cnitest.NewAPIServer(t)
	c := dial(t, s)
	for range 2 { // the second one is the same
		cnitest.Must(t, c.Warn(within(t, 5*time.Second), examplePod(), "NetworksMissing", "text"))
	}
	events := s.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	var e event
	if err := json.Unmarshal(events[0], &e); err != nil || e.Reason != "NetworksMissing" || e.Type != "Warning" || e.Message != "text" || e.InvolvedObject.UID != "u-1" {
		t.Errorf("%s, %v", events[0], err)
	}
}

func TestRemoveTaint(t *testing.T) {
	const path = "/api/v1/nodes/n1"
	s := cnitest.NewAPIServer(t, `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","resourceVersion":"5"},"spec":{"podCIDR":"10.0.0.0/24","taints":[
		{"key":"a","effect":"NoSchedule","new":{"x":1}},{"key":"k","effect":"NoSchedule"},{"key":"k","effect":"NoExecute"}]}}`)
	c := dial(t, s)
	s.Fail(cnitest.Fault{Method: http.MethodPatch, Status: http.StatusConflict, Times: 1})
	if removed, err := c.RemoveTaint(within(t, 5*time.Second), "n1", "k"); err == nil || removed {
		t.Errorf("while somebody else changed the node: %t, %v", removed, err)
	}
	if removed, err := c.RemoveTaint(within(t, 5*time.Second), "n1", "k"); err != nil || !removed {
		t.Errorf("%t, %v", removed, err)
	}
	if spec := string(s.Object(path)); !strings.Contains(spec, `"taints":[{"effect":"NoSchedule","key":"a","new":{"x":1}}]`) || !strings.Contains(spec, "podCIDR") {
		t.Error(spec)
	}
	if removed, err := c.RemoveTaint(within(t, 5*time.Second), "n1", "k"); err != nil || removed {
		t.Errorf("again: %t, %v", removed, err)
	}
}
