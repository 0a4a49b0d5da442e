package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/multus-cni/multus/pkg/cnitest"
	"github.com/multus-cni/multus/pkg/plan"
)

const (
	statusPath = podPath + "/status"
	eventsPath = "/api/v1/namespaces/default/events"
)

func examplePod() plan.Pod { return plan.Pod{Namespace: "default", Name: "a", UID: "u-1"} }

func TestPublish(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	status := []byte(`[{"name":"a<&>é"}]`)
	cnitest.Must(t, dial(t, s).Publish(within(t, 5*time.Second), examplePod(), status, "net0 [10.0.0.1]"))
	want := map[string]string{"k8s.v1.cni.cncf.io/networks": "net-a", "k8s.v1.cni.cncf.io/network-status": string(status)}
	if diff := cmp.Diff(want, s.Annotations("default", "a")); diff != "" {
		t.Error(diff)
	}
	patches := s.Matching(http.MethodPatch, statusPath)
	if len(patches) != 1 || len(s.Requests()) != 2 {
		t.Fatalf("requests %v, want one PATCH and one POST", s.Requests())
	}
	if got := patches[0].Header.Get("Content-Type"); got != "application/merge-patch+json" {
		t.Errorf("Content-Type: %s", got)
	}
	var patch struct {
		Metadata struct{ UID string }
		Status   any
	}
	if err := json.Unmarshal([]byte(patches[0].Body), &patch); err != nil || patch.Metadata.UID != "u-1" || patch.Status != nil {
		t.Errorf("patch %s, %v", patches[0].Body, err)
	}
}

func TestEvent(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	began := time.Now().Add(-time.Second)
	cnitest.Must(t, dial(t, s).Publish(within(t, 5*time.Second), examplePod(), nil, "net0 [10.0.0.1]"))
	if n := len(s.Matching(http.MethodPatch, "*")); n != 0 {
		t.Errorf("%d patches without a status", n)
	}
	events := s.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	var got event
	cnitest.Must(t, json.Unmarshal(events[0], &got))
	if at := got.FirstTimestamp; at.Time.Before(began) || !at.Equal(&got.LastTimestamp) {
		t.Errorf("timestamps %v and %v", got.FirstTimestamp, got.LastTimestamp)
	}
	if !strings.HasPrefix(got.Metadata.Name, "a.") {
		t.Errorf("name %q", got.Metadata.Name)
	}
	want := event{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Event"}, Metadata: metadata{Name: got.Metadata.Name, Namespace: "default"},
		InvolvedObject: objectRef{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Namespace: "default", Name: "a", UID: "u-1"},
		Reason:         "AddedInterfaces", Message: "net0 [10.0.0.1]", Type: "Normal", Count: 1,
		Source: eventSource{Component: "multus"}, ReportingComponent: "multus",
		FirstTimestamp: got.FirstTimestamp, LastTimestamp: got.LastTimestamp,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEventBounds(t *testing.T) {
	at := time.Now()
	pod := plan.Pod{Namespace: "default", Name: strings.Repeat("a", 230) + strings.Repeat(".", 10) + strings.Repeat("b", 13)}
	e := newEvent(pod, strings.Repeat("é", 1000)+"\xff", at)
	if n := len(e.Metadata.Name); n > 253 || strings.Contains(e.Metadata.Name, "..") {
		t.Errorf("name of %d bytes: %s", n, e.Metadata.Name)
	}
	if n := len(e.Message); n > 1024 || !strings.HasSuffix(e.Message, "é…") {
		t.Errorf("message of %d bytes: %q", n, e.Message)
	}
	if newEvent(pod, "x", at).Metadata.Name == newEvent(pod, "x", at.Add(1)).Metadata.Name {
		t.Error("two events of one name")
	}
}

func TestNoEvent(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	c := dial(t, s)
	cnitest.Must(t, c.Publish(within(t, time.Second), examplePod(), []byte("[]"), ""))
	cnitest.Must(t, c.Publish(within(t, time.Second), examplePod(), nil, ""))
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want the PATCH alone", n)
	}
}

func TestEventIsBesideThePatch(t *testing.T) {
	s := cnitest.NewAPIServer(t, podA)
	c := dial(t, s)
	if err := reach(within(t, time.Second), c); err != nil { // connects
		t.Fatal(err)
	}
	s.SetLatency(200 * time.Millisecond)
	began := time.Now()
	cnitest.Must(t, c.Publish(within(t, 5*time.Second), examplePod(), []byte("[]"), "hello"))
	if took := time.Since(began); took > 350*time.Millisecond {
		t.Errorf("%s for two requests of 200ms each, which can be made at the same time", took)
	}
	if n := len(s.Events()); n != 1 || s.MaxInFlight() != 2 {
		t.Errorf("%d events, %d requests at one time", n, s.MaxInFlight())
	}
}

func TestEventIsNotWaitedFor(t *testing.T) {
	for _, kind := range []string{cnitest.FaultHang, cnitest.FaultReset, "403", "500"} {
		t.Run(kind, func(t *testing.T) {
			s := cnitest.NewAPIServer(t, podA)
			fault, err := cnitest.ParseFault(kind + " POST " + eventsPath)
			cnitest.Must(t, err)
			s.Fail(fault)
			c := dial(t, s)
			cnitest.Must(t, reach(within(t, time.Second), c))
			began := time.Now()
			if err := c.Publish(within(t, 10*time.Second), examplePod(), []byte("[]"), "hello"); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 500*time.Millisecond {
				t.Errorf("%s, though nothing but the event is slow", took)
			}
			if _, published := s.Annotations("default", "a")[plan.NetworkStatusKey]; !published {
				t.Error("no status was written")
			}
			began = time.Now()
			if err := c.Publish(within(t, 10*time.Second), examplePod(), nil, "hello"); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > eventAlone+100*time.Millisecond {
				t.Errorf("%s for an event alone", took)
			}
		})
	}
}

func TestPublishWithoutPrecondition(t *testing.T) {
	static := examplePod()
	static.UID, static.Annotations = "hash-of-a-file", map[string]string{"kubernetes.io/config.source": "file"}
	for _, pod := range []plan.Pod{static, {Namespace: "default", Name: "a"}} {
		s := cnitest.NewAPIServer(t, podA)
		cnitest.Must(t, dial(t, s).Publish(within(t, time.Second), pod, []byte("[]"), ""))
		if body := s.Matching(http.MethodPatch, statusPath)[0].Body; strings.Contains(body, "uid") {
			t.Errorf("patch with a precondition: %s", body)
		}
	}
}

func TestPublishTooLate(t *testing.T) {
	other := examplePod()
	other.UID = "u-0"
	gone := examplePod()
	gone.Name = "gone"
	tests := map[string]struct {
		pod   plan.Pod
		fault *cnitest.Fault
		texts []string
	}{
		"another pod": {pod: other, texts: []string{"another pod has that name by now", "metadata.uid", "u-0"}},
		"gone":        {pod: gone},
		"precondition": {pod: examplePod(), texts: []string{"another pod", "UID in precondition"}, fault: &cnitest.Fault{Status: 409,
			Body: `{"kind":"Status","reason":"Conflict","message":"Operation cannot be fulfilled on pods \"a\": Precondition failed: UID in precondition: u-1, UID in object meta: u-2"}`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := cnitest.NewAPIServer(t, podA)
			if tt.fault != nil {
				s.Fail(*tt.fault)
			}
			err := dial(t, s).Publish(within(t, 2*time.Second), tt.pod, []byte("[]"), "")
			fails(t, err, plan.ErrNotFound, tt.texts...)
			if n := len(s.Requests()); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
			if _, published := s.Annotations("default", "a")[plan.NetworkStatusKey]; published {
				t.Error("the status was written to another pod")
			}
		})
	}
}

func TestPublishTriedAgain(t *testing.T) {
	for _, fault := range []cnitest.Fault{
		{Status: 409}, {Status: 429}, {Status: 500}, {Status: 401}, {Kind: cnitest.FaultReset}, {Kind: cnitest.FaultAbort},
	} {
		t.Run(fmt.Sprint(fault.Kind, fault.Status), func(t *testing.T) {
			s := cnitest.NewAPIServer(t, podA)
			fault.Times, fault.Method = 1, http.MethodPatch
			s.Fail(fault)
			cnitest.Must(t, dial(t, s).Publish(within(t, 5*time.Second), examplePod(), []byte("[1]"), ""))
			if got := s.Annotations("default", "a")[plan.NetworkStatusKey]; got != "[1]" {
				t.Errorf("status %q", got)
			}
			if n := len(s.Matching(http.MethodPatch, statusPath)); n != 2 {
				t.Errorf("%d patches, want two", n)
			}
		})
	}
}

func TestPublishRefused(t *testing.T) {
	tests := map[string]struct {
		fault cnitest.Fault
		kind  error
		texts []string
	}{
		"forbidden":   {fault: cnitest.Fault{Status: 403}, kind: plan.ErrUnavailable, texts: []string{`"patch" on "pods/status"`}},
		"bad request": {fault: cnitest.Fault{Status: 400}, texts: []string{"400"}},
		"conflict":    {fault: cnitest.Fault{Status: 409}, texts: []string{"409", "the object has been modified", "tried again"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := cnitest.NewAPIServer(t, podA)
			tt.fault.Method = http.MethodPatch
			s.Fail(tt.fault)
			err := dial(t, s).Publish(within(t, 500*time.Millisecond), examplePod(), []byte("[]"), "")
			fails(t, err, tt.kind, tt.texts...)
		})
	}
}
